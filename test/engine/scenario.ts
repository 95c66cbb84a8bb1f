import assert from 'node:assert/strict';

import type { MessageRecord } from '../../shared/api/message.ts';
import type { RunRecord, RunStatus } from '../../shared/api/run.ts';
import type { RunStepRecord } from '../../shared/api/run-step.ts';
import { startRun } from '../../shared/engine/start-run.ts';
import { submitOutputs } from '../../shared/engine/submit-outputs.ts';
import type { RunMessage } from '../../shared/queue/run-queue.ts';
import { PROJECT, type RunIds, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';

/** Everything that is stored of a run and its thread. */
export interface Stored {
  readonly run: RunRecord;
  readonly steps: readonly RunStepRecord[];
  /** All messages of the thread, oldest first. */
  readonly messages: readonly MessageRecord[];
  readonly activeRunId: string;
}

export async function stored({ services }: TestEngine, { threadId, runId }: RunIds): Promise<Stored> {
  const { runs, runSteps, messages, threads } = services.stores;
  const run = await runs.get(PROJECT, threadId, runId);
  assert.ok(run);
  const page = await messages.list(threadId, { limit: 100, order: 'asc' });
  const thread = await threads.get(PROJECT, threadId);
  return {
    run,
    steps: await runSteps.ofRun(threadId, runId),
    messages: page.data,
    activeRunId: thread?.state.activeRunId ?? '',
  };
}

/** `type status` of each step. */
export const outline = (steps: readonly RunStepRecord[]): string[] =>
  steps.map(({ object }) => `${object.type} ${object.status}`);

export const textOf = (message: MessageRecord | undefined): string =>
  (message?.object.content ?? [])
    .map((part) => (part.type === 'text' ? part.text.value : part.type))
    .join('|');

export const place = ({ threadId, runId }: RunIds) => ({ project: PROJECT, threadId, runId });

/** Handles messages as they become visible until the run has one of these states. */
export function pumpUntil(engine: TestEngine, run: RunIds, ...statuses: RunStatus[]): Promise<Stored> {
  return eventually(`a run that is ${statuses.join(' or ')}`, async () => {
    await engine.pump();
    const now = await stored(engine, run);
    return statuses.includes(now.run.object.status) && now;
  });
}

export const aFunction = (name = 'f') => ({ type: 'function', function: { name } });

/** A run that waits for the output of its one call, `call_a`. */
export async function aWaitingRun(engine: TestEngine): Promise<RunIds> {
  engine.model.add({ toolCalls: [{ name: 'f', arguments: '{}', id: 'call_a' }] });
  const run = await engine.aRun({ assistant: { tools: [aFunction()] } });
  await engine.pump();
  assert.equal((await stored(engine, run)).run.object.status, 'requires_action');
  return run;
}

export const giveOutput = ({ services }: TestEngine, run: RunIds, output = 'x') =>
  submitOutputs(services, { ...place(run), outputs: [{ tool_call_id: 'call_a', output }] });

/** The thread takes another run, and that run ends. */
export async function assertUsable(engine: TestEngine, { threadId, assistantId }: RunIds): Promise<void> {
  const { services, model } = engine;
  const assistant = await services.stores.assistants.get(PROJECT, assistantId);
  assert.ok(assistant);
  model.add({ text: 'still here' });
  const request = { assistant_id: assistantId } as never;
  const { queued } = await startRun(services, { project: PROJECT, threadId, assistant, request });
  const run = { threadId, assistantId, runId: queued.object.id };
  const after = await pumpUntil(engine, run, 'completed', 'failed', 'incomplete');
  assert.equal(after.run.object.status, 'completed');
  assert.equal(textOf(after.messages.at(-1)), 'still here');
}

/** A message of queue `runs`. */
export const messageOf = ({ threadId, runId }: RunIds, kind: RunMessage['kind'] = 'start'): RunMessage => ({
  threadId,
  runId,
  kind,
});

/** Exactly one answer, and the thread free. */
export async function assertAnsweredOnce(engine: TestEngine, run: RunIds): Promise<void> {
  const { run: after, messages, steps, activeRunId } = await stored(engine, run);
  assert.equal(after.object.status, 'completed');
  assert.deepEqual(messages.map(textOf), ['Hello', 'answer']);
  assert.deepEqual(outline(steps), ['message_creation completed']);
  assert.equal(activeRunId, '');
}

import { ApiError, badRequest, notFound } from '../api/error.ts';
import type { QueueReceipt, RunRecord, SubmitToolOutputs } from '../api/run.ts';
import type { RunStepRecord, ToolCall } from '../api/run-step.ts';
import { unixSeconds } from '../clock.ts';
import { claimed, isExpired, queuedAgain } from '../run/run-changes.ts';
import { isOpen, toolCallsOf } from '../run/steps.ts';
import { missingIn } from '../store/missing-in.ts';
import { retryConflicts } from '../store/retry-conflicts.ts';
import { stepChange } from '../store/run-steps.ts';
import type { RunRow } from '../store/runs.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { dismissWatchdog } from './claim/dismiss-watchdog.ts';
import { wakeWorker } from './claim/wake-worker.ts';
import { completeWhenDone } from './run-tool-calls.ts';

export interface SubmitOutputs {
  readonly project: string;
  readonly threadId: string;
  readonly runId: string;
  readonly outputs: SubmitToolOutputs['tool_outputs'];
  /** Set when the caller advances the run itself (a streaming request). */
  readonly owner?: string;
}

export interface Submitted {
  /** The run as the caller is told: queued. */
  readonly queued: RunRecord;
  readonly row: RunRow;
  /** The step whose outputs these are. */
  readonly step: RunStepRecord;
}

/**
 * Takes the outputs of a run's function calls and sends the run on. The new watchdog is put first, then one
 * transaction saves outputs and state, then the start message, and at last the old watchdog goes.
 * @throws {ApiError} 404 unknown run or thread, 400 for a run that waits for none or outputs that do not match its calls
 */
export async function submitOutputs(
  dependencies: EngineDependencies,
  submit: SubmitOutputs,
): Promise<Submitted> {
  const { stores, runQueue, clock, config } = dependencies;
  const { project, threadId, runId, owner } = submit;
  const message = { threadId, runId, kind: 'watch' } as const;
  let watchdog: QueueReceipt | null = null;
  try {
    const submitted = await retryConflicts(async () => {
      const row = await stores.runs.row(project, threadId, runId);
      if (!row) {
        throw await missingIn(stores.threads, project, threadId, notFound('run', runId));
      }
      const step = await waitingStep(dependencies, row, submit);
      const now = clock.now();
      const leaseMs = config.runLeaseMs;
      const completed = completeWhenDone(withOutputs(step, submit.outputs), unixSeconds(now));
      watchdog ??= await runQueue.put(message, leaseMs);
      const streamSince = owner === undefined ? undefined : step.object.id;
      const change = { watchdog, streamSince, expected: now + leaseMs, now };
      const queued = queuedAgain(row.document, change);
      const next = owner ? claimed(queued, { owner, now, leaseMs }) : queued;
      const saved = await stores.runs.save(row, next, [stepChange(completed)]);
      return { queued, row: saved, step: completed, before: row.document.work.watchdog };
    });
    if (!owner) await wakeWorker(dependencies, threadId, runId);
    await dismissWatchdog(dependencies, submitted.before);
    return submitted;
  } catch (error) {
    // What was put for outputs that were not taken after all.
    if (error instanceof ApiError) await dismissWatchdog(dependencies, watchdog);
    throw error;
  }
}

async function waitingStep(
  { stores, clock }: EngineDependencies,
  row: RunRow,
  submit: SubmitOutputs,
): Promise<RunStepRecord> {
  const { object } = row.document;
  if (object.status !== 'requires_action' || isExpired(row.document, clock.now())) {
    const status = object.status === 'requires_action' ? 'expired' : object.status;
    throw badRequest(`Runs in status "${status}" do not accept tool outputs.`);
  }
  const steps = await stores.runSteps.ofRun(submit.threadId, submit.runId);
  const step = steps.find((candidate) => isOpen(candidate) && candidate.object.type === 'tool_calls');
  if (!step) throw badRequest(`Runs in status "${object.status}" do not accept tool outputs.`);
  const expected = toolCallsOf(step)
    .filter((call) => step.results[call.id] === undefined)
    .map((call) => call.id);
  const given = submit.outputs.map((output) => output.tool_call_id);
  const matches =
    given.length === expected.length &&
    new Set(given).size === given.length &&
    given.every((id) => expected.includes(id));
  if (!matches) {
    throw badRequest(
      `Expected tool outputs for call_ids ${quoted(expected)}, got ${quoted(given)}`,
      'tool_outputs',
    );
  }
  return step;
}

function withOutputs(step: RunStepRecord, outputs: SubmitOutputs['outputs']): RunStepRecord {
  const texts = new Map(outputs.map((output) => [output.tool_call_id, output.output ?? '']));
  const calls = toolCallsOf(step).map((call): ToolCall => {
    const text = texts.get(call.id);
    return call.type === 'function' && text !== undefined
      ? { ...call, function: { ...call.function, output: text } }
      : call;
  });
  const results = { ...step.results };
  for (const [id, text] of texts) results[id] = { text };
  return {
    ...step,
    results,
    object: { ...step.object, step_details: { type: 'tool_calls', tool_calls: calls } },
  };
}

const quoted = (ids: readonly string[]): string => `[${ids.map((id) => `'${id}'`).join(', ')}]`;

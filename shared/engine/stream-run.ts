import { randomUUID } from 'node:crypto';

import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import type { Thread } from '../api/thread.ts';
import type { EventLogs } from '../events/event-log.ts';
import { Feed } from '../events/feed.ts';
import { respond } from '../events/respond.ts';
import type { SavedRun } from '../events/run-event.ts';
import { encodeEvent } from '../events/sse.ts';
import { tail } from '../events/tail.ts';
import { errorFields } from '../log.ts';
import type { RunRow } from '../store/runs.ts';
import { ClaimedRun } from './claimed-run.ts';
import type { EngineDependencies } from './dependencies.ts';
import { advanceClaimed } from './handle-run-message.ts';
import { type StartRun, startRun } from './start-run.ts';
import { type SubmitOutputs, submitOutputs } from './submit-outputs.ts';

type StreamDependencies = EngineDependencies & { readonly events: EventLogs };

/**
 * A streaming request advances its own run: the same engine under the same claim, whose events go straight to
 * the response. Waking the queue's function can take tens of seconds; a chat must not wait for that. A client
 * that leaves does not stop the run, and if this process dies the watchdog takes over.
 */
export async function streamNewRun(
  dependencies: StreamDependencies,
  start: Omit<StartRun, 'owner'>,
  options: { signal: AbortSignal; createdThread?: Thread },
): Promise<AsyncIterable<string>> {
  const owner = randomUUID();
  const { queued, row } = await startRun(dependencies, { ...start, owner });
  return advanceAndRespond(dependencies, { row, owner, queued, ...options });
}

/** The same for a run that goes on with its functions' outputs. */
export async function streamSubmittedOutputs(
  dependencies: StreamDependencies,
  submit: Omit<SubmitOutputs, 'owner'>,
  options: { signal: AbortSignal },
): Promise<AsyncIterable<string>> {
  const owner = randomUUID();
  const { queued, row, step } = await submitOutputs(dependencies, { ...submit, owner });
  return advanceAndRespond(dependencies, { row, owner, queued, step, ...options });
}

interface Advance {
  readonly row: RunRow;
  readonly owner: string;
  readonly queued: RunRecord;
  /** Set when the run goes on: the step that got its outputs. */
  readonly step?: RunStepRecord;
  readonly signal: AbortSignal;
  readonly createdThread?: Thread;
}

function advanceAndRespond(dependencies: StreamDependencies, advance: Advance): AsyncIterable<string> {
  const { events, log } = dependencies;
  const { row, owner, queued, step, signal } = advance;
  const feed = new Feed();
  const stream = events.stream(row.document, (event) => feed.push(event, encodeEvent(event)));
  const claimed = ClaimedRun.held(dependencies, row, owner);
  if (step) stream.beginsWith(step);
  else {
    stream.emit({ event: 'thread.run.created', data: queued.object });
    stream.emit({ event: 'thread.run.queued', data: queued.object });
    stream.emit({ event: 'thread.run.in_progress', data: row.document.object });
  }
  // Going on, the engine reports what is saved and not reported yet: the step's completion first.
  void advanceClaimed(dependencies, claimed, stream)
    .catch((error: unknown) => {
      log.error('a streamed run goes on elsewhere', { run: queued.object.id, ...errorFields(error) });
    })
    .finally(() => feed.close());
  const follow = (after: number) =>
    followRun(dependencies, queued.object, after, AbortSignal.any([signal, dependencies.drain]));
  const first = advance.createdThread
    ? [`event: thread.created\ndata: ${JSON.stringify(advance.createdThread)}\n\n`]
    : [];
  return respond(feed, () => stream.state.ended, follow, first);
}

/** A run's events after a number, from its log, to the end of the stream. */
export function followRun(
  { events, stores }: Pick<StreamDependencies, 'events' | 'stores'>,
  run: Pick<RunRecord['object'], 'id' | 'thread_id'>,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  return tail({ reader: events.reader(run.thread_id, run.id), after, load, signal });

  async function load(): Promise<SavedRun | undefined> {
    const row = await stores.runs.row(run.thread_id, run.id);
    if (!row) return undefined;
    const steps = await stores.runSteps.ofRun(run.thread_id, run.id);
    const messages = await Promise.all(
      steps.map(({ object }) => {
        const details = object.step_details;
        if (details.type !== 'message_creation') return undefined;
        return stores.messages.get(row.document.project, run.thread_id, details.message_creation.message_id);
      }),
    );
    return { run: row.document, steps, messages: messages.filter((message) => message !== undefined) };
  }
}

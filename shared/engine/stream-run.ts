import { randomUUID } from 'node:crypto';

import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import type { Thread } from '../api/thread.ts';
import { BEGINNING } from '../events/event-id.ts';
import type { EventLogs } from '../events/event-log.ts';
import { Feed } from '../events/feed.ts';
import { BROKEN, respond } from '../events/respond.ts';
import { encodeCreatedThread, encodeError, type Present } from '../events/sse.ts';
import { errorFields } from '../log.ts';
import type { RunEvent } from '../run/run-event.ts';
import type { RunRow } from '../store/runs.ts';
import { ClaimedRun } from './claim/claimed-run.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { followRun } from './follow-run.ts';
import { type StartRun, startRun } from './start-run.ts';
import { type SubmitOutputs, submitOutputs } from './submit-outputs.ts';
import { advanceClaimed } from './time-slice.ts';

type StreamDependencies = EngineDependencies & { readonly events: EventLogs };

export interface StreamOptions {
  /** Aborted when the client left. */
  readonly signal: AbortSignal;
  /** How the run's events are shown, where not as they are. */
  readonly presentFor?: (run: RunRecord) => Present | undefined;
  /** Whether events have ids. */
  readonly ids?: boolean;
}

export interface StreamedRun {
  readonly threadId: string;
  readonly runId: string;
  /** Text of an event stream. */
  readonly events: AsyncIterable<string>;
}

/**
 * A streaming request advances its own run: the same engine under the same claim, whose events go straight to
 * the response. Waking the queue's function can take tens of seconds; a chat must not wait for that. A client
 * that leaves does not stop the run, and if this process dies the watchdog takes over.
 * @throws {ApiError} as {@link startRun}, before anything is sent
 */
export async function streamNewRun(
  dependencies: StreamDependencies,
  start: Omit<StartRun, 'owner'>,
  options: StreamOptions & { readonly createdThread?: Thread },
): Promise<StreamedRun> {
  const owner = randomUUID();
  const { row } = await startRun(dependencies, { ...start, owner });
  const events = advanceAndRespond(dependencies, { row, owner, ...options });
  return { threadId: start.threadId, runId: row.document.object.id, events };
}

/** The events of a run again, from its beginning, for a client that asks for it a second time. */
export function streamAgain(
  dependencies: StreamDependencies,
  run: RunRecord,
  { signal, presentFor, ids, createdThread }: StreamOptions & { readonly createdThread?: Thread | undefined },
): StreamedRun {
  const { id: runId, thread_id: threadId } = run.object;
  const present = presentFor?.(run);
  async function* events(): AsyncGenerator<string> {
    if (createdThread) yield encodeCreatedThread(createdThread, present);
    yield* followRun(dependencies, run, BEGINNING, { signal, present, ids });
  }
  return { threadId, runId, events: events() };
}

/** The same for a run that goes on with its functions' outputs. @throws {ApiError} as {@link submitOutputs} */
export async function streamSubmittedOutputs(
  dependencies: StreamDependencies,
  submit: Omit<SubmitOutputs, 'owner'>,
  options: StreamOptions,
): Promise<AsyncIterable<string>> {
  const owner = randomUUID();
  const { row, step } = await submitOutputs(dependencies, { ...submit, owner });
  return advanceAndRespond(dependencies, { row, owner, step, ...options });
}

interface Advance extends StreamOptions {
  readonly row: RunRow;
  readonly owner: string;
  /** Set when the run goes on: the step that got its outputs. */
  readonly step?: RunStepRecord;
  readonly createdThread?: Thread;
}

function advanceAndRespond(dependencies: StreamDependencies, advance: Advance): AsyncIterable<string> {
  const { events, log } = dependencies;
  const { row, owner, step, signal, presentFor, ids, createdThread } = advance;
  const { object } = row.document;
  const present = presentFor?.(row.document);
  const feed = new Feed(present, ids);
  const stream = events.stream(row.document, {
    tell: (event) => feed.tell(event),
    ...(step ? { beginsWith: endOf(step) } : {}),
  });
  const worked = advanceClaimed(dependencies, ClaimedRun.held(dependencies, row, owner), stream)
    .catch((error: unknown) => {
      log.error('a streamed run goes on elsewhere', { run: object.id, ...errorFields(error) });
    })
    .finally(() => feed.close());
  return respond({
    feed,
    first: createdThread ? [encodeCreatedThread(createdThread, present)] : [],
    finished: () => stream.ended,
    // Before its first event a stream of outputs knows no place in the log to go on from.
    follow: (after) =>
      step && after === BEGINNING
        ? broken()
        : followRun(dependencies, row.document, after, { signal, present, ids }),
    worked,
    signal,
    log,
  });
}

async function* broken(): AsyncGenerator<string> {
  yield encodeError(BROKEN);
}

const endOf =
  ({ object }: RunStepRecord) =>
  (event: RunEvent): boolean =>
    event.event === 'thread.run.step.completed' && event.data.id === object.id;

import { setTimeout as delay } from 'node:timers/promises';

import type { Run } from '../api/run.ts';
import { SECOND, unixSeconds } from '../clock.ts';
import type { NumberedEvent, RunEvent, SavedRun } from '../run/run-event.ts';
import { isTerminal } from '../run/run-state.ts';
import { cutDelta, isDelta, textOf } from './delta.ts';
import { BEGINNING, eventId, stateOf } from './event-id.ts';
import type { LogReader } from './log-reader.ts';
import { presentEvent } from './present-event.ts';
import { Progress } from './progress.ts';

import { done, encodeEvent, KEEP_ALIVE_MS, keepAlive, type Present } from './sse.ts';
import { Told } from './told.ts';

const MIN_POLL_MS = 25;
const MAX_POLL_MS = 250;
/** How long a log may be silent before the run itself is looked at: its thread may be deleted. */
const LOOK_AT_RUN_MS = 0.8 * SECOND;

export interface TailOptions {
  /** As it stood when its follower came. */
  readonly run: Run;
  /** Reads the log from its beginning. */
  readonly read: () => LogReader;
  /** The last event that the client has; {@link BEGINNING} for none. */
  readonly after: number;
  /** The run's status; undefined when it is gone. */
  readonly status: () => Promise<SavedRun['run']['object']['status'] | undefined>;
  /** All that is saved of the run; undefined when it is gone. */
  readonly load: () => Promise<SavedRun | undefined>;
  readonly signal: AbortSignal;
  readonly keepAliveMs?: number;
  readonly present?: Present | undefined;
  /** Whether events have ids; true by default. */
  readonly ids?: boolean | undefined;
}

/**
 * Follows a run's log from an event on to the end of the stream: the run's end, or its wait for the outputs of
 * functions. A client that has seen that wait already is told what comes after it. Polls the more seldom the
 * longer nothing comes. Where a worker died between a change and its report, the saved run says what is missing.
 * @throws errors of storage, and the signal's reason
 */
export async function* tail(options: TailOptions): AsyncGenerator<string> {
  const { run, read, after, status, load, signal, keepAliveMs = KEEP_ALIVE_MS } = options;
  const reader = read();
  // Only how far it is: a viewer holds nothing of what it has passed on.
  const progress = new Progress();
  let pollMs = MIN_POLL_MS;
  let lookAt = Date.now() + LOOK_AT_RUN_MS;
  // Where there is nothing to tell yet, a comment comes at once: the answer has begun.
  let sentAt = 0;
  for (;;) {
    signal.throwIfAborted();
    const events = await reader.read();
    for (const logged of events) {
      progress.note(logged);
      yield* encodeAfter(logged, after, options);
    }
    if (progress.runEnded) return yield done;
    const waits = progress.waits && progress.lastId > after;
    if (events.length > 0) {
      pollMs = MIN_POLL_MS;
      sentAt = Date.now();
      lookAt = waits ? 0 : sentAt + LOOK_AT_RUN_MS;
      // Function calls of the past are passed over: then more of the log follows at once.
      if (!waits) continue;
    }
    if (Date.now() >= lookAt) {
      lookAt = Date.now() + LOOK_AT_RUN_MS;
      const now = await status();
      if (now === 'requires_action' && waits) return yield done;
      const stopped = now === undefined || isTerminal(now) || (now === 'requires_action' && !progress.waits);
      if (stopped && (yield* rest())) return yield done;
    }
    if (Date.now() - sentAt >= keepAliveMs) {
      sentAt = Date.now();
      yield keepAlive;
    }
    await delay(pollMs, undefined, { signal });
    pollMs = Math.min(MAX_POLL_MS, pollMs * 1.5);
  }

  /** What is in the log by now, and then what never came to be in it. False when the run went on meanwhile. */
  async function* rest(): AsyncGenerator<string, boolean> {
    const saved = await load();
    const state = saved?.run.object.status;
    if (state !== undefined && !isTerminal(state) && state !== 'requires_action') return false;
    // The log is read once more: only now its texts are needed.
    const told = new Told();
    const last = Math.max(after, progress.lastId);
    const again = read();
    for (let logged = await again.read(); logged.length > 0; logged = await again.read()) {
      for (const event of logged) {
        told.note(event);
        yield* encodeAfter(event, last, options);
      }
    }
    const ended = told.progress.runEnded;
    const end = {
      id: eventId(stateOf(Math.max(last, told.progress.lastId)) + 1, 0),
      event: endOfGone(run),
    };
    const missing = saved ? told.missing(saved) : ended ? [] : [end];
    for (const { id, event } of missing) {
      yield* encodeAfter({ id, event: presentEvent(event) }, last, options);
    }
    return true;
  }
}

/** The end of a run whose thread was deleted, as its own stream tells it (see `engine/tell-gone.ts`). */
function endOfGone(run: Run): RunEvent {
  const ended = { status: 'cancelled', expires_at: null, required_action: null } as const;
  return { event: 'thread.run.cancelled', data: { ...run, ...ended, cancelled_at: unixSeconds(Date.now()) } };
}

/** An event as far as it comes after `after`: of a delta perhaps only its end. */
function* encodeAfter(
  { id, event }: NumberedEvent,
  after: number,
  { present, ids }: Pick<TailOptions, 'present' | 'ids'>,
): Generator<string> {
  if (id <= after) return;
  const rest = isDelta(event) ? cutDelta(event, after - (id - textOf(event).length)) : event;
  if (rest) yield encodeEvent({ id, event: rest }, present, ids);
}

import { setTimeout as delay } from 'node:timers/promises';

import { SECOND } from '../clock.ts';
import { ReportedState } from './catch-up.ts';
import type { LogReader } from './log-reader.ts';
import { presentEvent } from './present-event.ts';
import type { SavedRun } from './run-event.ts';
import { done, encodeEvent, KEEP_ALIVE_MS, keepAlive } from './sse.ts';

const MIN_POLL_MS = 25;
const MAX_POLL_MS = 250;
/** How long a log may be silent before the run itself is looked at. */
const LOOK_AT_RUN_MS = 2 * SECOND;

export interface TailOptions {
  readonly reader: LogReader;
  /** The last event that the client has; -1 for none. */
  readonly after: number;
  /** What is saved of the run; undefined when it is gone. */
  readonly load: () => Promise<SavedRun | undefined>;
  readonly signal: AbortSignal;
}

/**
 * Follows a run's log from an event on to the end of the stream. Polls the more seldom the longer nothing
 * comes. Where the worker died between the run's end and its report, the saved run says what is missing.
 */
export async function* tail({ reader, after, load, signal }: TailOptions): AsyncGenerator<string> {
  const state = new ReportedState();
  let next = 0;
  let pollMs = MIN_POLL_MS;
  let silentSince = Date.now();
  let sentAt = Date.now();
  let lookedAt = 0;
  while (!signal.aborted) {
    const events = (await reader.read()) ?? [];
    for (const numbered of events) {
      state.note(numbered.event);
      next = numbered.number + 1;
      if (numbered.number > after) yield encodeEvent(numbered);
    }
    if (events.length > 0) {
      pollMs = MIN_POLL_MS;
      silentSince = sentAt = Date.now();
      continue;
    }
    if (state.hasEnd) break;
    const silentMs = Date.now() - silentSince;
    if (state.ended || (silentMs > LOOK_AT_RUN_MS && Date.now() - lookedAt > LOOK_AT_RUN_MS)) {
      lookedAt = Date.now();
      const saved = await load();
      if (!saved) break;
      const status = saved.run.object.status;
      const waits = status === 'requires_action' || isOver(status);
      if (waits) {
        // Once more: the end may have been written between the two reads.
        const late = (await reader.read()) ?? [];
        for (const numbered of late) {
          state.note(numbered.event);
          next = numbered.number + 1;
          if (numbered.number > after) yield encodeEvent(numbered);
        }
        for (const event of state.catchUp(saved)) {
          const numbered = { number: next++, event: presentEvent(event) };
          if (numbered.number > after) yield encodeEvent(numbered);
        }
        break;
      }
    }
    if (Date.now() - sentAt > KEEP_ALIVE_MS) {
      sentAt = Date.now();
      yield keepAlive;
    }
    await delay(pollMs, undefined, { signal }).catch(() => undefined);
    pollMs = Math.min(MAX_POLL_MS, pollMs * 1.5);
  }
  if (!signal.aborted) yield done;
}

const isOver = (status: string): boolean =>
  ['completed', 'incomplete', 'failed', 'cancelled', 'expired'].includes(status);

import type { RunRecord } from '../api/run.ts';
import type { EventLogs } from '../events/event-log.ts';
import { BROKEN } from '../events/respond.ts';
import { encodeError, type Present } from '../events/sse.ts';
import { tail } from '../events/tail.ts';
import { errorFields } from '../log.ts';
import type { EngineDependencies } from './dependencies.ts';
import { loadSavedRun } from './load-saved-run.ts';

export type FollowDependencies = Pick<EngineDependencies, 'stores' | 'log' | 'drain'> & {
  readonly events: EventLogs;
};

export interface FollowOptions {
  /** Aborted when the client left. */
  readonly signal: AbortSignal;
  readonly present?: Present | undefined;
}

/**
 * A run's events after an id, from its log, to the end of the stream, as text of an event stream. Never throws:
 * what goes wrong is the stream's last event.
 */
export async function* followRun(
  { events, stores, log, drain }: FollowDependencies,
  { thread_id, id }: Pick<RunRecord['object'], 'id' | 'thread_id'>,
  after: number,
  { signal, present }: FollowOptions,
): AsyncGenerator<string> {
  const stop = new AbortController();
  const onStop = () => stop.abort();
  // Not AbortSignal.any: what it makes of a signal that lives as long as the process is kept as long.
  for (const source of [signal, drain]) {
    if (source.aborted) onStop();
    source.addEventListener('abort', onStop, { once: true });
  }
  try {
    yield* tail({
      read: () => events.reader(thread_id, id, stop.signal),
      after,
      status: async () => (await stores.runs.row(thread_id, id))?.document.object.status,
      load: () => loadSavedRun(stores, thread_id, id),
      signal: stop.signal,
      present,
    });
  } catch (error) {
    if (signal.aborted) return;
    if (!drain.aborted) log.error('a stream broke off', { run: id, ...errorFields(error) });
    yield encodeError(BROKEN);
  } finally {
    for (const source of [signal, drain]) source.removeEventListener('abort', onStop);
  }
}

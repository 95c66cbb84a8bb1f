import type { RunRecord } from '../api/run.ts';
import type { EventLogs } from '../events/event-log.ts';
import { BROKEN } from '../events/respond.ts';
import { encodeError, type Present } from '../events/sse.ts';
import { tail } from '../events/tail.ts';
import { errorFields } from '../log.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { loadSavedRun } from './claim/load-saved-run.ts';
import { lookAfterRun } from './look-after-run.ts';

export type FollowDependencies = EngineDependencies & { readonly events: EventLogs };

export interface FollowOptions {
  /** Aborted when the client left. */
  readonly signal: AbortSignal;
  readonly present?: Present | undefined;
  /** Whether events have ids; true by default. */
  readonly ids?: boolean | undefined;
}

/**
 * A run's events after an id, from its log, to the end of the stream, as text of an event stream. Never throws:
 * what goes wrong is the stream's last event.
 */
export async function* followRun(
  dependencies: FollowDependencies,
  record: Pick<RunRecord, 'project' | 'object'>,
  after: number,
  { signal, present, ids }: FollowOptions,
): AsyncGenerator<string> {
  const { events, stores, log, drain } = dependencies;
  const { project, object: run } = record;
  const { thread_id, id } = run;
  const stop = new AbortController();
  const onStop = () => stop.abort();
  // Not AbortSignal.any: what it makes of a signal that lives as long as the process is kept as long.
  for (const source of [signal, drain]) {
    if (source.aborted) onStop();
    source.addEventListener('abort', onStop, { once: true });
  }
  try {
    yield* tail({
      run,
      read: () => events.reader(thread_id, id, stop.signal),
      after,
      status,
      load: () => loadSavedRun(stores, project, thread_id, id),
      signal: stop.signal,
      present,
      ids,
    });
  } catch (error) {
    if (signal.aborted) return;
    if (!drain.aborted) log.error('a stream broke off', { run: id, ...errorFields(error) });
    yield encodeError(BROKEN);
  } finally {
    for (const source of [signal, drain]) source.removeEventListener('abort', onStop);
  }

  /** Asked when the log has been silent for a while: perhaps nobody works on the run. */
  async function status() {
    const now = await stores.runs.get(project, thread_id, id);
    if (now) await lookAfterRun(dependencies, now);
    return now?.object.status;
  }
}

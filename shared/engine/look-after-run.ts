import { randomUUID } from 'node:crypto';

import type { RunRecord } from '../api/run.ts';
import { errorFields } from '../log.ts';
import { isExpired, neglectedSince } from '../run/run-changes.ts';
import { Conflict } from '../store/table.ts';
import { ClaimedRun } from './claim/claimed-run.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { wakeWorker } from './claim/wake-worker.ts';
import { MAX_ATTEMPTS } from './give-up.ts';
import { rescueRun } from './rescue-run.ts';
import { advanceClaimed } from './time-slice.ts';

/** Runs that this process advances at once, before it leaves further ones to the queue: what host.json lets a worker do. */
const MOST_AT_ONCE = 24;

/**
 * Whoever is asked about a run calls this. A run that no worker has taken up within `RUN_OVERTAKE_SECONDS` is
 * advanced by this process, under the same lease: the queue's function may have to be woken from zero, which takes
 * tens of seconds, while the process that is asked is awake. The same goes for a run whose worker died. Its message,
 * when it is read at last, finds the run attended or ended; if this process dies its watchdog stands.
 * Costs nothing for a run in order. Never an error.
 * @returns the run as it is now
 */
export async function lookAfterRun(dependencies: EngineDependencies, record: RunRecord): Promise<RunRecord> {
  if (isNeglected(dependencies, record)) {
    const claimed = await overtake(dependencies, record);
    if (claimed) return claimed;
  }
  await rescueRun(dependencies, record);
  return record;
}

function isNeglected({ clock, config }: EngineDependencies, record: RunRecord): boolean {
  const now = clock.now();
  return !isExpired(record, now) && now - neglectedSince(record, config.runLeaseMs) >= config.runOvertakeMs;
}

async function overtake(dependencies: EngineDependencies, record: RunRecord): Promise<RunRecord | undefined> {
  const { stores, log, drain, inProgress } = dependencies;
  const { thread_id: threadId, id } = record.object;
  if (drain.aborted || inProgress.size >= MOST_AT_ONCE) return undefined;
  try {
    const row = await stores.runs.row(record.project, threadId, id);
    if (!row || !isNeglected(dependencies, row.document)) return row?.document;
    // It may be what kills its workers: then it is not for a process that answers callers.
    if (row.document.work.attempts >= MAX_ATTEMPTS) return undefined;
    const claimed = await ClaimedRun.claim(dependencies, row, randomUUID(), null);
    if (!claimed) return undefined;
    const taken = claimed.record;
    log.info('a run was overtaken', { run: id });
    // Nobody waits for it: the answer says how far the run is, and the next one that it is done.
    void advanceClaimed(dependencies, claimed).catch(async (error: unknown) => {
      log.error('an overtaken run goes on elsewhere', { run: id, ...errorFields(error) });
      await wakeWorker(dependencies, threadId, id);
    });
    return taken;
  } catch (error) {
    if (!(error instanceof Conflict)) {
      log.warn('a neglected run could not be overtaken', { run: id, ...errorFields(error) });
    }
    return undefined;
  }
}

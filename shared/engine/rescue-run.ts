import type { RunRecord } from '../api/run.ts';
import { SECOND } from '../clock.ts';
import { errorFields } from '../log.ts';
import { isExpired, isOverdue, unattended } from '../run/run-changes.ts';
import { Conflict } from '../store/table.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { wakeWorker } from './claim/wake-worker.ts';
import { endUnattended } from './end-unattended.ts';

/** How long a watchdog may be late before somebody who waits for its run helps. */
const GRACE_MS = 5 * SECOND;

/**
 * Helps a run that nobody looked after in time; whoever is asked about a run calls this. The one gap in the
 * watchdog's chain: a process that dies after the host took the watchdog for it and before its successor is
 * put leaves the message hidden for ten minutes, which cannot be changed. Costs nothing for a run in order,
 * and one message in each lease's time otherwise. Never an error.
 */
export async function rescueRun(dependencies: EngineDependencies, record: RunRecord): Promise<void> {
  const { stores, clock, config, log } = dependencies;
  if (!isOverdue(record, clock.now(), GRACE_MS)) return;
  const { thread_id: threadId, id } = record.object;
  try {
    const row = await stores.runs.row(record.project, threadId, id);
    if (!row || !isOverdue(row.document, clock.now(), GRACE_MS)) return;
    if (isExpired(row.document, clock.now())) {
      await endUnattended(dependencies, row, { status: 'expired' });
      return;
    }
    // Saved first, so that of many who ask only one helps.
    await stores.runs.save(row, unattended(row.document, clock.now() + config.runLeaseMs));
    log.warn('a run was overdue and is woken', { run: id });
    await wakeWorker(dependencies, threadId, id);
  } catch (error) {
    if (!(error instanceof Conflict)) {
      log.warn('an overdue run could not be helped', { run: id, ...errorFields(error) });
    }
  }
}

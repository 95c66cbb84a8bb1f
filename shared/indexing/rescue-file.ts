import type { StoreFileRecord } from '../api/vector-store-file.ts';
import { SECOND } from '../clock.ts';
import { errorFields } from '../log.ts';
import type { BatchView } from '../store/file-batches.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { isOverdue, unattended } from './file-changes.ts';

type Dependencies = Pick<IndexingDependencies, 'stores' | 'indexQueue' | 'clock' | 'config' | 'log'>;

/** How long a watchdog may be late before somebody who waits for its file helps. */
const GRACE_MS = 5 * SECOND;

/**
 * Helps a file that nobody looked after in time; whoever is asked about one calls this. The one gap in the watchdog's
 * chain is that of runs (see `engine/rescue-run.ts`): a process that dies between taking a watchdog and putting its
 * successor. Costs nothing for a file in order. Never an error.
 */
export async function rescueFile(dependencies: Dependencies, record: StoreFileRecord): Promise<void> {
  const { stores, clock, config, log, indexQueue } = dependencies;
  if (!isOverdue(record, clock.now(), GRACE_MS)) return;
  const { vector_store_id: storeId, id: fileId } = record.object;
  try {
    let helped = false;
    // Saved first, so that of many who ask only one helps.
    await stores.storeFiles.update(storeId, fileId, (newest) => {
      helped = isOverdue(newest, clock.now(), GRACE_MS);
      return helped ? unattended(newest, clock.now() + config.runLeaseMs) : newest;
    });
    if (!helped) return;
    log.warn('a file was overdue and is woken', { store: storeId, file: fileId });
    await indexQueue.put({ type: 'index-file', storeId, fileId, kind: 'start', since: clock.now() });
  } catch (error) {
    log.warn('an overdue file could not be helped', { file: fileId, ...errorFields(error) });
  }
}

/** How many of a batch's oldest files are looked at when it is asked for. */
const LOOKED_AT = 1;

/** The same for a batch: its oldest file in progress, or what is not in the store's rows yet. Never an error. */
export async function rescueBatch(dependencies: Dependencies, view: BatchView): Promise<void> {
  const { stores, clock, config, log, indexQueue } = dependencies;
  const { storeId, id: batchId, createdAt } = view.record;
  const due = createdAt * SECOND + config.runLeaseMs + GRACE_MS;
  if (clock.now() < due) return;
  try {
    if (view.state.spread < view.record.files.length) {
      // Those who ask together do the same together: of two, one meets a conflict and finds nothing left.
      if (view.state.spread > 0) return;
      await indexQueue.put({ type: 'spread-batch', storeId, batchId, kind: 'start', since: clock.now() });
      return;
    }
    const query = { limit: LOOKED_AT, order: 'asc', filter: 'in_progress' } as const;
    const { data } = await stores.storeFiles.list(storeId, query, batchId);
    for (const { object } of data) {
      const record = await stores.storeFiles.get(storeId, object.id);
      if (record) await rescueFile(dependencies, record);
    }
  } catch (error) {
    log.warn('an overdue batch could not be helped', { batch: batchId, ...errorFields(error) });
  }
}

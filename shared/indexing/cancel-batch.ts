import { SECOND } from '../clock.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { cancelled, isLive } from './file-changes.ts';
import { spreadBatch } from './spread-batch.ts';

/** Files that are cancelled at once; what is left is read again. */
const FILES_AT_ONCE = 16;

/** Looked at again then, should the process die that cancels the rest. */
const SECOND_LOOK_MS = 10 * SECOND;
/** So many files are cancelled within the request that asks for it; more are left to the queue. */
const FEW_FILES = 64;

/** Cancels a batch. The message first: whatever happens then, the rest follows. */
export async function cancelBatch(
  dependencies: IndexingDependencies,
  storeId: string,
  batchId: string,
): Promise<void> {
  const { stores, indexQueue } = dependencies;
  const message = { type: 'cancel-batch', storeId, batchId } as const;
  const receipt = await indexQueue.put(message, SECOND_LOOK_MS);
  await stores.fileBatches.cancel(storeId, batchId);
  const live = (await stores.fileBatches.get(storeId, batchId))?.tally.in_progress ?? 0;
  if (live > FEW_FILES) {
    await indexQueue.put(message);
    return;
  }
  await cancelRest(dependencies, storeId, batchId);
  await indexQueue.remove(receipt);
}

/**
 * Cancels what is left of a batch: files that are not in the store's rows yet come into them cancelled; those in
 * progress end where they are. Repeatable.
 */
export async function cancelRest(
  dependencies: IndexingDependencies,
  storeId: string,
  batchId: string,
): Promise<void> {
  if (!(await dependencies.stores.fileBatches.cancel(storeId, batchId))) return;
  await spreadBatch(dependencies, storeId, batchId);
  await cancelLive(dependencies, storeId, batchId);
}

/** Ends the indexing of a store's files, or of those of one batch. */
export async function cancelLive(
  { stores, search }: Pick<IndexingDependencies, 'stores' | 'search'>,
  storeId: string,
  batchId: string | null,
): Promise<void> {
  for (;;) {
    const query = { limit: FILES_AT_ONCE, order: 'asc', filter: 'in_progress' } as const;
    const { data } = await stores.storeFiles.list(storeId, query, batchId);
    if (data.length === 0) return;
    await Promise.all(
      data.map(async ({ project, object, work }) => {
        await stores.storeFiles.update(storeId, object.id, (newest) =>
          isLive(newest) && newest.work.attempt === work.attempt ? cancelled(newest) : newest,
        );
        // Whatever its worker has put in, or is about to.
        await search.index.remove({ project, id: storeId }, object.id, work.attempt);
      }),
    );
  }
}

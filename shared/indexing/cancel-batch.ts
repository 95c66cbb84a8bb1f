import type { IndexingDependencies } from './dependencies.ts';
import { cancelled, isLive } from './file-changes.ts';

/** Files that are cancelled at once; what is left is read again. */
const FILES_AT_ONCE = 16;

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

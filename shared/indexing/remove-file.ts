import { hasStoreExpired } from '../api/vector-store.ts';
import type { StoreFileRecord } from '../api/vector-store-file.ts';
import { compact } from './compaction.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { removed } from './file-changes.ts';

type Dependencies = Pick<
  IndexingDependencies,
  'stores' | 'indexQueue' | 'search' | 'log' | 'clock' | 'crash' | 'config'
>;

/**
 * Takes a file out of a store: a message that sees to it whatever happens, then the index, so that no search finds
 * it any more, then its row and the counts. Its text goes when the message comes: searches that have found the file's
 * passages before have read them by then.
 */
export async function removeFromStore(dependencies: Dependencies, record: StoreFileRecord): Promise<void> {
  const { indexQueue, crash, config } = dependencies;
  const { project, object, work } = record;
  const removal = { project, storeId: object.vector_store_id, fileId: object.id, attempt: work.attempt };
  await indexQueue.put({ type: 'remove-file', ...removal }, config.runLeaseMs);
  await takeOut(dependencies, removal);
  crash('file-mid-removal');
  await removeRow(dependencies, removal);
}

export interface FileRemoval {
  readonly project: string;
  readonly storeId: string;
  readonly fileId: string;
  /** A file that was added again since is left alone. */
  readonly attempt: number;
}

/** Handles the message behind a removal: all of it again, and what is left of the file's text; repeatable. */
export async function finishRemoval(dependencies: Dependencies, removal: FileRemoval): Promise<void> {
  const { project, storeId, fileId, attempt } = removal;
  await takeOut(dependencies, removal);
  await removeRow(dependencies, removal);
  await dependencies.search.drafts.discard({ store: { project, id: storeId }, fileId, attempt });
  await discardText(dependencies, project, fileId);
  if (await dependencies.stores.vectorStores.get(project, storeId)) {
    await compact(dependencies, { project, id: storeId });
  }
}

/** Deletes the text of a file that no store holds any more. */
export async function discardText(
  { stores, search, clock }: Pick<Dependencies, 'stores' | 'search' | 'clock'>,
  project: string,
  fileId: string,
): Promise<void> {
  await search.texts.discard(project, fileId, async () => {
    for (const storeId of await stores.storeFiles.usesOf(project, fileId)) {
      const view = await stores.vectorStores.get(project, storeId);
      if (!view || hasStoreExpired(view.record, view.state, clock.now())) continue;
      if (await stores.storeFiles.get(storeId, fileId)) return true;
    }
    return false;
  });
}

async function takeOut({ search }: Dependencies, removal: FileRemoval): Promise<void> {
  const { project, storeId, fileId, attempt } = removal;
  await search.index.remove({ project, id: storeId }, fileId, attempt);
}

async function removeRow({ stores }: Dependencies, removal: FileRemoval): Promise<void> {
  const { storeId, fileId, attempt } = removal;
  await stores.storeFiles.update(storeId, fileId, (newest) =>
    newest.work.attempt === attempt ? removed(newest) : newest,
  );
}

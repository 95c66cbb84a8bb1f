import { hasStoreExpired } from '../api/vector-store.ts';
import { SECOND } from '../clock.ts';
import { inBatches } from '../store/in-batches.ts';
import { delayUntilExpiry } from './add-batch.ts';
import { cancelLive } from './cancel-batch.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { discardText } from './remove-file.ts';

/** Leases until a removal is looked at again: whoever could still have written to the index has noticed by then. */
const SECOND_LOOK_LEASES = 2;
const FILES_AT_ONCE = 100;

/**
 * Deletes a store. The message first: whatever happens then, the rest follows. From the second step on the store is
 * unknown to callers, and nobody can add to it. False when there is no such store.
 */
export async function removeStore(
  dependencies: Pick<IndexingDependencies, 'stores' | 'indexQueue' | 'crash' | 'config'>,
  project: string,
  storeId: string,
): Promise<boolean> {
  const { stores, indexQueue, crash, config } = dependencies;
  const view = await stores.vectorStores.get(project, storeId);
  if (!view) return false;
  const message = { type: 'remove-store', project, storeId, sortKey: view.record.sortKey } as const;
  await indexQueue.put(message, SECOND_LOOK_LEASES * config.runLeaseMs);
  if (!(await stores.vectorStores.remove(project, storeId))) return false;
  crash('store-mid-removal');
  await indexQueue.put(message);
  return true;
}

/** What is left of a store that is gone; repeatable. */
export async function clearStore(
  dependencies: IndexingDependencies,
  { project, storeId, sortKey }: { project: string; storeId: string; sortKey: string },
): Promise<void> {
  const { stores, search } = dependencies;
  // The message comes before the deletion, which may never have happened.
  if (await stores.vectorStores.get(project, storeId)) return;
  await stores.vectorStores.removeEntry({ project, sortKey });
  await search.index.drop({ project, id: storeId });
  await eachFile(dependencies, storeId, async (fileId) => {
    await stores.storeFiles.forgetUse(project, fileId, storeId);
    await discardText(dependencies, project, fileId);
  });
  await stores.vectorStores.clear(storeId);
}

/**
 * Ends a store whose time is up: it takes no more files, and its text and vectors are deleted; its files stay listed,
 * so that another store can be made of them. A store that was used meanwhile is looked at again when its time is up.
 */
export async function expireStore(
  dependencies: IndexingDependencies,
  { project, storeId }: { project: string; storeId: string },
): Promise<void> {
  const { stores, search, clock, indexQueue, config } = dependencies;
  const view = await stores.vectorStores.get(project, storeId);
  if (!view) return;
  const message = { type: 'expire-store', project, storeId } as const;
  const wasExpired = view.state.expired;
  if (!hasStoreExpired(view.record, view.state, clock.now())) {
    const { expiresAfter } = view.record;
    if (!expiresAfter) return;
    const lastUsed = view.state.lastActiveAt * SECOND;
    await indexQueue.put(message, delayUntilExpiry(expiresAfter.days, lastUsed, clock.now()));
    return;
  }
  const now = clock.now();
  // Once more later, for those who were about to write.
  if (!wasExpired) await indexQueue.put(message, SECOND_LOOK_LEASES * config.runLeaseMs);
  if (!(await stores.vectorStores.close(project, storeId, (...of) => hasStoreExpired(...of, now)))) return;
  await cancelLive(dependencies, storeId, null);
  await search.index.drop({ project, id: storeId });
  await eachFile(dependencies, storeId, (fileId) => discardText(dependencies, project, fileId));
}

async function eachFile(
  { stores }: Pick<IndexingDependencies, 'stores'>,
  storeId: string,
  work: (fileId: string) => Promise<void>,
): Promise<void> {
  for (let after = ''; ; ) {
    const ids = await stores.storeFiles.ids(storeId, after, FILES_AT_ONCE);
    await inBatches(ids, work);
    const last = ids.at(-1);
    if (last === undefined || ids.length < FILES_AT_ONCE) return;
    after = last;
  }
}

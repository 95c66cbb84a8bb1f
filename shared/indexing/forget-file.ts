import { MINUTE } from '../clock.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { discardText, removeFromStore } from './remove-file.ts';

/** A deletion that has not happened by then, will not: whoever asked for it can ask again. */
const LATEST_MS = 10 * MINUTE;
const SECOND_LOOK_MS = MINUTE;

/**
 * Before a file object is deleted: a message, if any store may hold the file. It finds the file gone, and takes it out
 * of every store, whatever happens to the process that deletes it.
 */
export async function announceDeletion(
  { stores, indexQueue, clock }: Pick<IndexingDependencies, 'stores' | 'indexQueue' | 'clock'>,
  project: string,
  fileId: string,
): Promise<void> {
  if (!(await stores.storeFiles.wasUsed(project, fileId))) return;
  await indexQueue.put({ type: 'forget-file', project, fileId, since: clock.now() }, 1000);
}

/** Takes a file whose object is gone out of all stores, and deletes its text; repeatable. */
export async function forgetFile(
  dependencies: IndexingDependencies,
  message: { project: string; fileId: string; since: number },
): Promise<void> {
  const { stores, indexQueue, clock } = dependencies;
  const { project, fileId, since } = message;
  if (await stores.files.get(project, fileId)) {
    if (clock.now() - since < LATEST_MS) {
      await indexQueue.put({ type: 'forget-file', ...message }, SECOND_LOOK_MS);
    }
    return;
  }
  for (const storeId of await stores.storeFiles.usesOf(project, fileId)) {
    const record = await stores.storeFiles.get(storeId, fileId);
    if (record) await removeFromStore(dependencies, record);
    await stores.storeFiles.forgetUse(project, fileId, storeId);
  }
  await discardText(dependencies, project, fileId);
  await stores.storeFiles.forgetFile(project, fileId);
}

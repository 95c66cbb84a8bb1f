import type { Attributes, StoreFileRecord } from '../api/vector-store-file.ts';
import { MINUTE } from '../clock.ts';
import { scheduleCompaction } from './compaction.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { withAttributes } from './file-changes.ts';

type Dependencies = Pick<
  IndexingDependencies,
  'stores' | 'indexQueue' | 'search' | 'log' | 'clock' | 'crash'
>;

/** When a change whose process may have died is looked at again. */
const SECOND_LOOK_MS = MINUTE;

/**
 * Replaces a file's attributes: in its row, whose version decides between several who do, then in the index. A
 * message stands behind the two. Who indexes a file that is in progress sees to the index itself.
 * @returns undefined when the file is gone
 */
export async function changeAttributes(
  dependencies: Dependencies,
  { project, object }: Pick<StoreFileRecord, 'project' | 'object'>,
  attributes: Attributes | null,
): Promise<StoreFileRecord | undefined> {
  const { stores, indexQueue } = dependencies;
  const { vector_store_id: storeId, id: fileId } = object;
  const message = { type: 'sync-attributes', project, storeId, fileId } as const;
  const receipt = await indexQueue.put(message, SECOND_LOOK_MS);
  const row = await stores.storeFiles.update(storeId, fileId, (record) => withAttributes(record, attributes));
  if (row) await intoIndex(dependencies, row.document);
  await indexQueue.remove(receipt);
  return row?.document;
}

/** Handles the message behind a change; repeatable. */
export async function syncAttributes(
  dependencies: Dependencies,
  { storeId, fileId }: { storeId: string; fileId: string },
): Promise<void> {
  const record = await dependencies.stores.storeFiles.get(storeId, fileId);
  if (record) await intoIndex(dependencies, record);
}

/** Makes the index say what the row of a completed file says of its attributes. */
export async function intoIndex(dependencies: Dependencies, record: StoreFileRecord): Promise<void> {
  const { project, object, work } = record;
  if (object.status !== 'completed') return;
  const store = { project, id: object.vector_store_id };
  const change = { attributes: object.attributes ?? null, revision: work.revision };
  await scheduleCompaction(
    dependencies,
    store,
    await dependencies.search.index.setAttributes(store, object.id, change),
  );
}

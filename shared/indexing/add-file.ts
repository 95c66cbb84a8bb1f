import { chunkingOf } from '../api/chunking-strategy.ts';
import { type ApiError, notFound } from '../api/error.ts';
import { hasStoreExpired } from '../api/vector-store.ts';
import {
  type CreateStoreFile,
  type NewStoreFile,
  newStoreFile,
  type StoreFileRecord,
} from '../api/vector-store-file.ts';
import { unixSeconds } from '../clock.ts';
import { retryConflicts } from '../store/retry-conflicts.ts';
import type { StoreFileRow } from '../store/store-files.ts';
import type { StoreView } from '../store/vector-stores.ts';
import { changeAttributes } from './change-attributes.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { noteUse, storeExpired } from './open-store.ts';

type Dependencies = Pick<
  IndexingDependencies,
  'stores' | 'indexQueue' | 'clock' | 'config' | 'crash' | 'search' | 'log' | 'telemetry'
>;

/**
 * Adds a file to a store: the watchdog message, then the transaction (file, counts), then the message that starts its
 * indexing. A crash between any two loses nothing.
 *
 * A file that is in the store already, divided in the same way, stays as it is but for its attributes; one whose
 * indexing has failed or was cancelled, or that is to be divided otherwise, begins anew.
 * @param view the store, which the caller has found open
 * @throws {ApiError} 404 for an unknown file or a store that is gone, 400 for an expired one
 */
export async function addFile(
  dependencies: Dependencies,
  view: StoreView,
  request: CreateStoreFile,
): Promise<StoreFileRecord> {
  const { stores, clock } = dependencies;
  const { project, object: store } = view.record;
  const file = await stores.files.get(project, request.file_id);
  if (!file) throw notFound('file', request.file_id, 'file_id');
  const fresh: NewStoreFile = {
    project,
    storeId: store.id,
    fileId: request.file_id,
    fileName: file.object.filename,
    fileBytes: file.object.bytes,
    attributes: request.attributes ?? null,
    chunking: chunkingOf(request.chunking_strategy),
    batchId: null,
    isFirst: await stores.storeFiles.noteUse(project, request.file_id, store.id),
  };
  const added = await begin(dependencies, fresh, fresh.isFirst ? undefined : 'read');
  await noteUse(dependencies, view, unixSeconds(clock.now()));
  if ('kept' in added) {
    const { kept } = added;
    if (request.attributes === undefined) return kept;
    return (await changeAttributes(dependencies, kept, request.attributes)) ?? kept;
  }
  return added.begun;
}

/** Whether what is in the store is what was asked for, so that nothing has to be done. */
export const isAsWanted = (
  { removed, object }: StoreFileRecord,
  { chunking }: Pick<NewStoreFile, 'chunking'>,
): boolean =>
  !removed &&
  (object.status === 'completed' || object.status === 'in_progress') &&
  JSON.stringify(object.chunking_strategy) === JSON.stringify(chunking);

async function begin(
  dependencies: Dependencies,
  file: NewStoreFile,
  first: 'read' | undefined,
): Promise<{ begun: StoreFileRecord } | { kept: StoreFileRecord }> {
  const { stores, indexQueue, clock, config, crash } = dependencies;
  const { storeId, fileId } = file;
  let read = first === 'read';
  const since = clock.now();
  const watch = { type: 'index-file', storeId, fileId, kind: 'watch', since } as const;
  const watchdog = await indexQueue.put(watch, config.runLeaseMs);
  crash('file-after-watchdog-put');
  const outcome = await retryConflicts(async () => {
    // A file that was never in a store cannot be in this one: then there is no row to be read.
    const row: StoreFileRow | undefined = read ? await stores.storeFiles.row(storeId, fileId) : undefined;
    read = true;
    if (row && isAsWanted(row.document, file)) return { kept: row.document };
    const now = clock.now();
    const record = newStoreFile(file, row?.document, {
      now,
      leaseUntil: now + config.runLeaseMs,
      watchdog,
    });
    const versions = await stores.storeFiles.commit(storeId, [{ before: row, after: record }]);
    if (!versions) throw await refusalOf(dependencies, file);
    return { begun: record };
  });
  if ('kept' in outcome) {
    await indexQueue.remove(watchdog);
    return outcome;
  }
  crash('file-after-adding');
  dependencies.telemetry.filesAdded(1);
  await indexQueue.put({ ...watch, kind: 'start' });
  return outcome;
}

/** Why a store takes no files: it is gone, or has expired meanwhile. */
async function refusalOf(
  { stores, clock }: Pick<Dependencies, 'stores' | 'clock'>,
  { project, storeId }: NewStoreFile,
): Promise<ApiError> {
  const view = await stores.vectorStores.get(project, storeId);
  return view && hasStoreExpired(view.record, view.state, clock.now())
    ? storeExpired(storeId)
    : notFound('vectorStore', storeId);
}

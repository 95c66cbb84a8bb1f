import { notFound } from '../api/error.ts';
import { type FileBatchRecord, newFileBatch, type PlannedFile } from '../api/file-batch.ts';
import type { VectorStoreRecord } from '../api/vector-store.ts';
import { DAY, SECOND, unixSeconds } from '../clock.ts';
import { errorFields } from '../log.ts';
import { batchBeside } from '../store/file-batches.ts';
import type { StoreView } from '../store/vector-stores.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { noteUse } from './open-store.ts';
import { spreadBatch } from './spread-batch.ts';

/** So few files get their rows within the request that brings them: whoever lists them sees them at once. */
const FEW_FILES = 10;

/**
 * Adds many files at once: the watchdog message, then one transaction (the batch, which counts all of its files, and
 * the store's counts), then the message that brings the files into the store, where the request does not do it.
 * @throws {ApiError} 404 for a store that is gone
 */
export async function addBatch(
  dependencies: IndexingDependencies,
  view: StoreView,
  files: readonly PlannedFile[],
): Promise<FileBatchRecord> {
  const { stores, clock } = dependencies;
  const { project, object: store } = view.record;
  const batch = newFileBatch(files, { project, storeId: store.id, now: clock.now() });
  await watch(dependencies, batch);
  if (!(await stores.fileBatches.create(batch))) throw notFound('vectorStore', store.id);
  dependencies.crash('batch-after-creation');
  await spread(dependencies, batch);
  await noteUse(dependencies, view, unixSeconds(clock.now()));
  return batch;
}

/** Creates a store, with files: a batch of its own that nobody is told of. */
export async function createStore(
  dependencies: IndexingDependencies,
  record: VectorStoreRecord,
  files: readonly PlannedFile[],
): Promise<StoreView> {
  const { stores, clock, crash } = dependencies;
  await watchExpiry(dependencies, record, record.object.created_at);
  if (files.length === 0) return stores.vectorStores.create(record);
  const { project, object } = record;
  const batch = newFileBatch(files, { project, storeId: object.id, now: clock.now() });
  await watch(dependencies, batch);
  const view = await stores.vectorStores.create(record, batchBeside(batch));
  crash('batch-after-creation');
  await spread(dependencies, batch);
  return view;
}

/**
 * A message that waits for a store's expiry, so that its text and vectors go though nobody asks for it again.
 * @param lastActiveAt Unix seconds
 */
export async function watchExpiry(
  { indexQueue, clock }: Pick<IndexingDependencies, 'indexQueue' | 'clock'>,
  { project, object, expiresAfter }: VectorStoreRecord,
  lastActiveAt: number,
): Promise<void> {
  if (!expiresAfter) return;
  const message = { type: 'expire-store', project, storeId: object.id } as const;
  await indexQueue.put(message, delayUntilExpiry(expiresAfter.days, lastActiveAt * SECOND, clock.now()));
}

/** A moment after the time is up, by whoever's clock. */
const LATER_MS = 5000;

/** @param lastUsed and `now` in Unix milliseconds */
export const delayUntilExpiry = (days: number, lastUsed: number, now: number): number =>
  Math.max(0, lastUsed + days * DAY - now) + LATER_MS;

async function watch(
  { indexQueue, clock, config }: IndexingDependencies,
  { storeId, id: batchId }: FileBatchRecord,
): Promise<void> {
  const since = clock.now();
  await indexQueue.put({ type: 'spread-batch', storeId, batchId, kind: 'watch', since }, config.runLeaseMs);
}

/** The batch is there: what cannot be done for it now is done by its watchdog. */
async function spread(dependencies: IndexingDependencies, batch: FileBatchRecord): Promise<void> {
  const { indexQueue, clock, log } = dependencies;
  const { storeId, id: batchId } = batch;
  try {
    if (batch.files.length <= FEW_FILES) return await spreadBatch(dependencies, storeId, batchId);
    await indexQueue.put({ type: 'spread-batch', storeId, batchId, kind: 'start', since: clock.now() });
  } catch (error) {
    log.warn('a batch is left to its watchdog', { store: storeId, batch: batchId, ...errorFields(error) });
  }
}

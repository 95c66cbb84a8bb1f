import type { FileBatchRecord } from '../api/file-batch.ts';
import { emptyTally } from '../api/vector-store.ts';
import { type NewStoreFile, newStoreFile, type StoreFileRecord } from '../api/vector-store-file.ts';
import { MINUTE } from '../clock.ts';
import type { IndexMessage } from '../queue/index-queue.ts';
import { batchProgress, type FileBatches } from '../store/file-batches.ts';
import { inBatches } from '../store/in-batches.ts';
import { batchKey, storeRow } from '../store/keys.ts';
import { retryConflicts } from '../store/retry-conflicts.ts';
import type { StoreFileRow } from '../store/store-files.ts';
import { isAsWanted } from './add-file.ts';
import { intoIndex } from './change-attributes.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { cancelled, failed, withAttributes } from './file-changes.ts';

type SpreadingBatch = NonNullable<Awaited<ReturnType<FileBatches['row']>>>;
type BatchMessage = Extract<IndexMessage, { type: 'spread-batch' }>;

/**
 * Files that get their rows in one transaction, which may have 100: nine of a file that was in the store before (its
 * own, four that go, four that come), two counts and the batch.
 */
const FILES_AT_ONCE = 10;
/** A batch may come into being this much later than its watchdog: storage is waited for. */
const LATE_BIRTH_MS = MINUTE;

/**
 * Handles a batch's message: brings its files into the store, some at a time. Nobody holds a lease: the batch's row
 * says how far that has come, and of two who go on one meets a conflict.
 */
export async function handleBatchMessage(
  dependencies: IndexingDependencies,
  message: BatchMessage,
): Promise<void> {
  const { stores, indexQueue, clock, config } = dependencies;
  const batch = await stores.fileBatches.row(message.storeId, message.batchId);
  const now = clock.now();
  if (!batch) {
    if (message.kind === 'watch' && now - message.since < config.runLeaseMs + LATE_BIRTH_MS) {
      await indexQueue.put(message, config.runLeaseMs);
    }
    return;
  }
  if (batch.state.spread >= batch.row.document.files.length) return;
  if (message.kind === 'watch') await indexQueue.put({ ...message, since: now }, config.runLeaseMs);
  await spreadBatch(dependencies, message.storeId, message.batchId);
}

/** Brings the rest of a batch's files into the store. */
export async function spreadBatch(
  dependencies: IndexingDependencies,
  storeId: string,
  batchId: string,
): Promise<void> {
  const read = () => dependencies.stores.fileBatches.row(storeId, batchId);
  // The list of files may be long: it is read again only after a conflict.
  for (let batch = await read(); batch; dependencies.crash('batch-mid-spread')) {
    let known: SpreadingBatch | undefined = batch;
    batch = await retryConflicts(async () => {
      const newest: SpreadingBatch | undefined = known ?? (await read());
      known = undefined;
      return newest && spreadSome(dependencies, newest);
    });
  }
}

/** One transaction's files. @returns the batch as it stands then; undefined when nothing is left @throws {Conflict} */
async function spreadSome(
  dependencies: IndexingDependencies,
  batch: SpreadingBatch,
): Promise<SpreadingBatch | undefined> {
  const { stores, indexQueue, clock, config } = dependencies;
  const { document: record } = batch.row;
  const { storeId, id: batchId } = record;
  const { spread, cancelled: isCancelled } = batch.state;
  const planned = record.files.slice(spread, spread + FILES_AT_ONCE);
  if (planned.length === 0) return undefined;
  const now = clock.now();
  const files = await filesOf(dependencies, record, planned, batchId);
  // A file that was never in a store cannot be in this one: then there is no row to be read.
  const rows = await inBatches(files, ({ file }) =>
    file.isFirst ? Promise.resolve(undefined) : stores.storeFiles.row(storeId, file.fileId),
  );
  const messages = new Map<string, IndexMessage>();
  const moves = await inBatches([...files.entries()], async ([index, { file, isThere }]) => {
    const before = rows[index];
    const kept = before && isAsWanted(before.document, file) ? before.document : undefined;
    if (kept) return { before, after: inBatch(kept, file) };
    // Whatever it was, it stays.
    if (isCancelled && before && !before.document.removed)
      return { before, after: inBatch(before.document, file) };
    const place = { now, leaseUntil: now + config.runLeaseMs, watchdog: null };
    const fresh = newStoreFile(file, before?.document, place);
    if (isCancelled) return { before, after: cancelled(fresh) };
    if (!isThere) return { before, after: failed(fresh, isGone) };
    const watch = { type: 'index-file', storeId, fileId: file.fileId, kind: 'watch', since: now } as const;
    messages.set(file.fileId, { ...watch, kind: 'start' });
    const watchdog = await indexQueue.put(watch, config.runLeaseMs);
    return { before, after: { ...fresh, work: { ...fresh.work, watchdog } } };
  });
  // What the batch has counted for these files since its beginning, their rows count from now on.
  const counted = { ...emptyTally, in_progress: -moves.length };
  const versions = await stores.storeFiles.commit(
    storeId,
    moves,
    [batchProgress(batch.row, spread + planned.length)],
    new Map([
      [storeRow, counted],
      [batchKey(batchId), counted],
    ]),
  );
  if (!versions) return undefined;
  await inBatches([...messages.values()], (message) => indexQueue.put(message));
  dependencies.telemetry.filesAdded(messages.size);
  const changed = moves.filter(({ before, after }) => isAttributeChange(before, after));
  await inBatches(changed, ({ after }) => intoIndex(dependencies, after));
  const version = versions.get(batch.row.key);
  if (!version) return stores.fileBatches.row(storeId, batchId);
  return { row: { ...batch.row, ...version }, state: { ...batch.state, spread: spread + planned.length } };
}

const isGone = {
  code: 'invalid_file',
  message: 'The file was deleted before it could be processed.',
} as const;

/** The files as they are to be added, and whether each is still there. */
async function filesOf(
  { stores }: IndexingDependencies,
  { project, storeId }: FileBatchRecord,
  planned: FileBatchRecord['files'],
  batchId: string,
): Promise<{ file: NewStoreFile; isThere: boolean }[]> {
  const first = await stores.storeFiles.noteUses(
    project,
    planned.map(({ fileId }) => fileId),
    storeId,
  );
  return inBatches(planned, async ({ fileId, attributes, chunking }) => {
    const file = await stores.files.get(project, fileId);
    const isFirst = first.has(fileId);
    return {
      isThere: file !== undefined,
      file: {
        project,
        storeId,
        fileId,
        fileName: file?.object.filename ?? '',
        fileBytes: file?.object.bytes ?? 0,
        attributes,
        chunking,
        batchId,
        isFirst,
      },
    };
  });
}

/** A file that is in the store as the batch wants it, now the batch's; with its attributes, where it brings any. */
const inBatch = (record: StoreFileRecord, { batchId, attributes }: NewStoreFile): StoreFileRecord => ({
  ...(attributes ? withAttributes(record, attributes) : record),
  batchId,
});

const isAttributeChange = (before: StoreFileRow | undefined, after: StoreFileRecord): boolean =>
  before?.document.work.attempt === after.work.attempt &&
  before.document.work.revision !== after.work.revision;

import { randomUUID } from 'node:crypto';

import { FIRST_OWNER, type IndexingError, type StoreFileRecord } from '../api/vector-store-file.ts';
import { MINUTE, SECOND } from '../clock.ts';
import { timeOfSortKey } from '../ids.ts';
import { errorFields } from '../log.ts';
import type { IndexMessage } from '../queue/index-queue.ts';
import { EmbeddingError } from '../search/embed/embedder.ts';
import { EXTRACTOR_VERSION, ExtractionError } from '../search/extract/extraction.ts';
import { TooLongForIndex } from '../search/search-index.ts';
import type { StoreFileRow } from '../store/store-files.ts';
import { ClaimedFile, Interrupted, LostFile } from './claimed-file.ts';
import { scheduleCompaction } from './compaction.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { embedPassages } from './embed-passages.ts';
import { claimed, completed, failed, isAttended, isLive, isPaused } from './file-changes.ts';
import { FileGone, fileText } from './file-text.ts';
import { removeFromStore } from './remove-file.ts';

type FileMessage = Extract<IndexMessage, { type: 'index-file' }>;

/** How often a file may be taken up without anything of it being saved: it may be what kills its workers. */
const MAX_TRIES = 10;
/** A file may come into being this much later than its watchdog: storage is waited for. */
const LATE_BIRTH_MS = MINUTE;
const SHORTEST_PAUSE_MS = 5 * SECOND;
const LONGEST_PAUSE_MS = 5 * MINUTE;

const givenUp: IndexingError = {
  code: 'server_error',
  message:
    'The file could not be processed, however often it was tried. Remove it and add it again to retry.',
};

/**
 * Handles one message by making sure that its file comes to an end: ended or gone → nothing; somebody works on it →
 * look again later; otherwise claim it and index it. Safe to deliver twice, late, and after a crash at any point.
 *
 * The invariant is that of runs: while a file is in progress, some message about it waits unread and becomes visible
 * within the lease. Whoever works on the watchdog itself therefore first puts its successor.
 * @throws errors of storage: the message is delivered again
 */
export async function handleFileMessage(
  dependencies: IndexingDependencies,
  message: FileMessage,
): Promise<void> {
  const { stores, clock, config, crash } = dependencies;
  const row = await stores.storeFiles.row(message.storeId, message.fileId);
  const now = clock.now();
  if (!row || isOlderThan(row.document, message.since)) return watchForBirth(dependencies, message);
  const { document: record } = row;
  if (!isLive(record)) return;
  // The first lease belongs to whoever takes the first message: a short file costs one write less.
  const isFirst = record.work.leaseOwner === FIRST_OWNER;
  const attended = isAttended(record, now) || isPaused(record, now, config.runLeaseMs);
  if (attended && message.kind === 'start' && isFirst) {
    return indexForASlice(dependencies, new ClaimedFile(dependencies, row, FIRST_OWNER));
  }
  const successor =
    message.kind === 'watch'
      ? await dependencies.indexQueue.put(
          { ...message, since: now },
          attended ? record.work.leaseUntil - now : config.runLeaseMs,
        )
      : null;
  if (attended) return;
  if (record.work.tries >= MAX_TRIES) return failUnattended(dependencies, row, givenUp);
  crash('file-before-claim');
  const lease = { owner: randomUUID(), until: now + config.runLeaseMs };
  const taken = await stores.storeFiles.update(
    message.storeId,
    message.fileId,
    (newest) => (isLive(newest) && !isAttended(newest, now) ? claimed(newest, lease, successor) : newest),
    row,
  );
  if (taken?.document.work.leaseOwner !== lease.owner) return;
  await indexForASlice(dependencies, new ClaimedFile(dependencies, taken, lease.owner));
}

/** Whether what is there was there before the file that the message is about was added. */
const isOlderThan = (record: StoreFileRecord, since: number): boolean =>
  !isLive(record) && timeOfSortKey(record.sortKey) < since;

/** A watchdog is put before its file: one whose file is not there yet looks again for a while. */
async function watchForBirth(
  { indexQueue, clock, config }: IndexingDependencies,
  message: FileMessage,
): Promise<void> {
  if (message.kind !== 'watch' || clock.now() - message.since > config.runLeaseMs + LATE_BIRTH_MS) return;
  await indexQueue.put(message, config.runLeaseMs);
}

/** Works within this invocation's slice of time; what is not done then goes on in another one. */
async function indexForASlice(dependencies: IndexingDependencies, file: ClaimedFile): Promise<void> {
  const { config, drain, inProgress } = dependencies;
  const stop = () => file.interrupt();
  const slice = setTimeout(stop, config.runSliceMs);
  drain.addEventListener('abort', stop, { once: true });
  if (drain.aborted) stop();
  try {
    await inProgress.track(index(dependencies, file));
  } finally {
    clearTimeout(slice);
    drain.removeEventListener('abort', stop);
    file.stop();
  }
}

async function index(dependencies: IndexingDependencies, file: ClaimedFile): Promise<void> {
  const { clock, telemetry } = dependencies;
  const { created_at: since } = file.record.object;
  const report = (outcome: 'completed' | 'failed', code: string) =>
    telemetry.fileIndexed(outcome, code, clock.now() - since * SECOND);
  try {
    await indexWhole(dependencies, file);
    report('completed', '');
  } catch (thrown) {
    // A signal's reason may come wrapped in what was waited for.
    const error = file.signal.aborted ? file.signal.reason : thrown;
    if (error instanceof LostFile) return;
    if (error instanceof Interrupted) return handOver(dependencies, file, 0);
    if (error instanceof FileGone) return removeFromStore(dependencies, file.record);
    if (error instanceof EmbeddingError && error.retryable && file.record.work.tries < MAX_TRIES) {
      return handOver(dependencies, file, pauseOf(file.record, error));
    }
    const reason = reasonOf(error);
    if (!reason) throw error;
    file.stop();
    await fail(dependencies, file, reason);
    report('failed', reason.code);
  }
}

async function indexWhole(dependencies: IndexingDependencies, file: ClaimedFile): Promise<void> {
  const { stores, search, crash } = dependencies;
  const { signal } = file;
  const { project, object, work } = file.record;
  const store = { project, id: object.vector_store_id };
  const text = await fileText(dependencies, file.record, signal);
  crash('file-after-extraction');
  const { passages } = await search.extractor.chunk(text, chunkSizeOf(file.record), signal);
  if (passages.length === 0) {
    throw new ExtractionError('invalid_file', 'There is no text in the file that could be searched.');
  }
  const identity = await stores.vectorStores.pin(
    project,
    store.id,
    async () => (await search.embedders.forNewStore()).identity,
  );
  if (!identity) throw new LostFile(object.id);
  const embedder = search.embedders.pinned(identity);
  const { vectors, discardDraft } = await embedPassages(dependencies, file, embedder, text, passages);
  let { revision } = file.record.work;
  const appended = await search.index.append(
    store,
    {
      fileId: object.id,
      attempt: work.attempt,
      fileName: file.record.fileName,
      attributes: file.record.object.attributes ?? null,
      revision,
      textVersion: EXTRACTOR_VERSION,
      text,
      passages,
      vectors,
    },
    signal,
  );
  crash('file-after-append');
  // Attributes that changed since the file was appended must be in the index before it counts as complete.
  for (;;) {
    const sent = revision;
    const { watchdog } = file.record.work;
    const saved = await file.save((record) =>
      record.work.revision === sent ? completed(record, appended.usageBytes) : record,
    );
    if (saved.object.status === 'completed') {
      file.stop();
      if (watchdog) await dismiss(dependencies, watchdog, object.id);
      break;
    }
    ({ revision } = saved.work);
    await search.index.setAttributes(store, object.id, {
      attributes: saved.object.attributes ?? null,
      revision,
    });
  }
  await discardDraft();
  await scheduleCompaction(dependencies, store, appended);
}

const chunkSizeOf = ({ object }: StoreFileRecord) => {
  const strategy = object.chunking_strategy;
  const { max_chunk_size_tokens: maxTokens, chunk_overlap_tokens: overlapTokens } =
    strategy?.type === 'static' ? strategy.static : { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 };
  return { maxTokens, overlapTokens };
};

/** What a person learns of a file that cannot be indexed; undefined where another try may help. */
function reasonOf(error: unknown): IndexingError | undefined {
  if (error instanceof ExtractionError) return { code: error.code, message: error.message };
  if (error instanceof TooLongForIndex) return { code: 'invalid_file', message: error.message };
  if (error instanceof EmbeddingError) return { code: 'server_error', message: error.message };
  return undefined;
}

/** Longer with each try, and at least what the server asked for. */
const pauseOf = ({ work }: StoreFileRecord, { retryAfterMs = 0 }: EmbeddingError): number =>
  Math.min(LONGEST_PAUSE_MS, Math.max(retryAfterMs, SHORTEST_PAUSE_MS * 2 ** work.tries));

/** Another invocation goes on, `afterMs` from now. */
async function handOver(
  dependencies: IndexingDependencies,
  file: ClaimedFile,
  afterMs: number,
): Promise<void> {
  const { indexQueue, clock } = dependencies;
  const { vector_store_id: storeId, id: fileId } = file.record.object;
  try {
    await file.giveBack(afterMs);
  } catch (error) {
    if (error instanceof LostFile) return;
    throw error;
  }
  const message = { type: 'index-file', storeId, fileId, kind: 'start', since: clock.now() } as const;
  await indexQueue.put(message, afterMs);
}

async function fail(
  dependencies: IndexingDependencies,
  file: ClaimedFile,
  error: IndexingError,
): Promise<void> {
  const { watchdog } = file.record.work;
  const { object } = file.record;
  try {
    await clearIndex(dependencies, file.record);
    await file.save((record) => failed(record, error));
  } catch (problem) {
    if (problem instanceof LostFile) return;
    throw problem;
  }
  if (watchdog) await dismiss(dependencies, watchdog, object.id);
}

/** Takes out what an earlier try, or an earlier addition, may have put in. */
async function clearIndex({ search }: IndexingDependencies, record: StoreFileRecord): Promise<void> {
  const { project, object, work } = record;
  if (work.tries <= 1 && work.attempt === 1) return;
  const store = { project, id: object.vector_store_id };
  await search.index.remove(store, object.id, work.attempt);
  await search.drafts.discard({ store, fileId: object.id, attempt: work.attempt });
}

async function failUnattended(
  dependencies: IndexingDependencies,
  row: StoreFileRow,
  error: IndexingError,
): Promise<void> {
  const { stores, clock, log, telemetry } = dependencies;
  const { vector_store_id: storeId, id } = row.document.object;
  await clearIndex(dependencies, row.document);
  await stores.storeFiles.update(
    storeId,
    id,
    (newest) =>
      isLive(newest) && !isAttended(newest, clock.now()) && newest.work.attempt === row.document.work.attempt
        ? failed(newest, error)
        : newest,
    row,
  );
  telemetry.fileIndexed('failed', error.code, clock.now() - row.document.object.created_at * SECOND);
  log.error('a file was given up', { store: storeId, file: id });
}

/**
 * Ends a file whose message could not be handled however often it was tried. One that somebody works on after all
 * is left alone: its watchdog stands, or gets a successor here.
 */
export async function failPoisonedFile(
  dependencies: IndexingDependencies,
  message: FileMessage,
): Promise<void> {
  const { stores, clock, indexQueue, config } = dependencies;
  const row = await stores.storeFiles.row(message.storeId, message.fileId);
  if (!row || !isLive(row.document)) return;
  if (isAttended(row.document, clock.now())) {
    await indexQueue.put({ ...message, kind: 'watch' }, config.runLeaseMs);
    return;
  }
  await failUnattended(dependencies, row, givenUp);
}

/** Deletes a waiting watchdog of no more use. Left alone it would wake once, find that, and go: never an error. */
async function dismiss(
  { indexQueue, log }: IndexingDependencies,
  watchdog: NonNullable<StoreFileRecord['work']['watchdog']>,
  file: string,
): Promise<void> {
  await indexQueue.remove(watchdog).catch((error: unknown) => {
    log.warn('a watchdog of no more use was left to wake once', { file, ...errorFields(error) });
  });
}

import { pipeline, type Readable, Transform } from 'node:stream';

import type { ContainerClient } from '@azure/storage-blob';

import type { FileObject, FileRecord } from '../api/file.ts';
import type { Page, PageQuery } from '../api/page.ts';
import { type Clock, unixSeconds } from '../clock.ts';
import { derivedPrefix, idOf, sortKeyOf } from '../ids.ts';
import { inBatches } from './in-batches.ts';
import { ascendingKey, behind, endOf, projectKeys } from './keys.ts';
import { ProjectCollection } from './project-collection.ts';
import { Conflict, type DocumentTable } from './table.ts';

/** Bytes beyond the limit arrived; nothing of the file is kept. */
export class FileTooLarge extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super(`The file is larger than ${limit} bytes.`);
    this.name = 'FileTooLarge';
    this.limit = limit;
  }
}

export interface NewFile {
  readonly project: string;
  readonly sortKey: string;
  readonly object: Omit<FileObject, 'bytes'>;
  /** Largest size in bytes that is accepted. */
  readonly maxBytes: number;
}

/** Tells that a file is about to be removed, to whom it concerns; done before, and repeatable. */
export type AnnounceRemoval = (project: string, id: string) => Promise<void>;

/** A transfer holds at most this much of a file in memory: blocks of 1 MiB, two on their way. */
const BLOCK_BYTES = 1024 * 1024;
const BLOCKS_AT_ONCE = 2;
/** What the table service answers at once. */
const KEYS_AT_ONCE = 1000;

/** Files: rows in table `files`, bytes in container `files` under `PROJECT/ID`, streamed both ways. */
export class FileStore {
  readonly #rows: ProjectCollection<FileRecord>;
  readonly #table: DocumentTable;
  readonly #blobs: ContainerClient;
  readonly #clock: Clock;
  readonly #announce: AnnounceRemoval;

  constructor(table: DocumentTable, blobs: ContainerClient, clock: Clock, announce: AnnounceRemoval) {
    this.#clock = clock;
    this.#announce = announce;
    this.#table = table;
    this.#rows = new ProjectCollection<FileRecord>(table, 'file');
    this.#blobs = blobs;
  }

  /**
   * The bytes first, then the row: a file that exists is complete. Bytes without a row are removed here on
   * failure; a process that dies in between leaves an unreadable blob and no file.
   * @throws {FileTooLarge}
   */
  async create(file: NewFile, content: Readable): Promise<FileRecord> {
    const bytes = await this.upload(file.project, file.object.id, content, file.maxBytes);
    return this.insert({ project: file.project, sortKey: file.sortKey, object: { ...file.object, bytes } });
  }

  /**
   * Only the bytes. Returns their number.
   * @param complete called when all of them have come and are within the limit, before they are a blob
   * @throws {FileTooLarge}
   */
  async upload(
    project: string,
    id: string,
    content: Readable,
    maxBytes: number,
    complete?: () => Promise<void>,
  ): Promise<number> {
    const blob = this.#blob(project, id);
    const limiter = new ByteLimiter(maxBytes, complete);
    const failed = new AbortController();
    // uploadStream does not notice a source that breaks off: the pipeline's error has to abort it.
    const source = pipeline(content, limiter, (error) => error && failed.abort(error));
    try {
      await blob.uploadStream(source, BLOCK_BYTES, BLOCKS_AT_ONCE, { abortSignal: failed.signal });
    } catch (error) {
      content.destroy();
      throw failed.signal.aborted ? failed.signal.reason : error;
    }
    if (failed.signal.aborted) {
      await blob.deleteIfExists();
      throw failed.signal.reason;
    }
    return limiter.bytes;
  }

  /** Only the row, for bytes that are there already. */
  async insert(record: FileRecord): Promise<FileRecord> {
    await this.#rows.insert(record);
    return record;
  }

  /** Like {@link insert}, for an id that a repeated attempt derives again. */
  async insertOnce(record: FileRecord): Promise<void> {
    await this.#rows.insert(record).catch((error: unknown) => {
      if (!(error instanceof Conflict)) throw error;
    });
  }

  /** Whether there is anything to delete: also a file whose deletion was begun. */
  async isKnown(project: string, id: string): Promise<boolean> {
    return (await this.#rows.get(project, id)) !== undefined;
  }

  /** From here on nobody sees the file; {@link remove} does the rest. */
  async markDeleted(project: string, id: string): Promise<void> {
    await this.#rows.update(project, id, (record) => ({ ...record, deleting: true }));
  }

  /** Deletes bytes that have no row. */
  async discard(project: string, id: string): Promise<void> {
    await this.#blob(project, id).deleteIfExists();
  }

  /** A file whose time is up is gone; whoever asks for it next removes it. */
  async get(project: string, id: string): Promise<FileRecord | undefined> {
    const record = await this.#rows.get(project, id);
    if (record?.deleting) return undefined;
    if (!record || !this.#hasExpired(record)) return record;
    await this.remove(project, id);
    return undefined;
  }

  /** `purpose` narrows the list; the cost then grows with the files passed over. */
  async list(
    project: string,
    query: PageQuery & { purpose?: string | undefined },
  ): Promise<Page<FileRecord>> {
    const { purpose } = query;
    const expired: string[] = [];
    const page = await this.#rows.list(project, query, (file) => {
      if (file.deleting) return false;
      if (this.#hasExpired(file)) {
        expired.push(file.object.id);
        return false;
      }
      return purpose === undefined || file.object.purpose === purpose;
    });
    await Promise.all(expired.map((id) => this.remove(project, id)));
    return page;
  }

  /**
   * The bytes first, then the row: whatever fails, a repeated removal still finds the row and completes. What
   * is seen in between is a file without content. The other way round the content would stay, for nobody could
   * ask for its removal again.
   */
  async remove(project: string, id: string, bytesGone: () => void = () => {}): Promise<boolean> {
    const removed = await this.#rows.remove(project, id, async () => {
      await this.#announce(project, id);
      await this.discard(project, id);
      bytesGone();
    });
    return removed !== undefined;
  }

  /**
   * Removes the files that an execution made under ids derived from `base` (see `derivedSortKey`), but for
   * those in `keep`.
   */
  async removeMadeBy(
    project: string,
    execution: string,
    base: string,
    keep: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    const ids = await this.#idsBeside(project, derivedPrefix(base));
    await Promise.all(
      ids.map(async (id) => {
        if (keep.has(id)) return;
        // Others may have been made in the same moment.
        const record = await this.#rows.get(project, id);
        if (record?.madeBy === execution) await this.remove(project, id);
      }),
    );
  }

  /**
   * Those of `ids` that exist, for files that code made, which never expire: one request for all files of one
   * step, whose ids are derived from its id.
   */
  async existing(project: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const prefixes = new Set(ids.flatMap((id) => sortKeyOf(id) ?? []).map(derivedPrefix));
    const found = await inBatches([...prefixes], (prefix) => this.#idsBeside(project, prefix));
    const there = new Set(found.flat());
    return new Set(ids.filter((id) => there.has(id)));
  }

  /**
   * Those of many ids that are found where ids of ours stand by their time: files that were uploaded together cost one
   * request for a thousand. The others may be there as well, and have to be asked for by themselves.
   */
  async among(project: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const waiting = ids.flatMap((id) => sortKeyOf(id) ?? []).toSorted();
    const wanted = new Set(ids);
    const found = new Set<string>();
    const { ascending } = projectKeys;
    for (let next = waiting[0]; next !== undefined; ) {
      const keys = await this.#table.keys(
        project,
        ascendingKey(projectKeys, next),
        endOf(ascending),
        KEYS_AT_ONCE,
      );
      const before = found.size;
      for (const key of keys) {
        const id = idOf('file', behind(ascending, key));
        if (wanted.has(id)) found.add(id);
      }
      const newest = keys.at(-1);
      const last = newest && behind(ascending, newest);
      // Where few stand together, reading all that is between costs more than asking.
      if (last === undefined || keys.length < KEYS_AT_ONCE || found.size - before < KEYS_AT_ONCE / 50) break;
      next = waiting.find((key) => key > last);
    }
    return found;
  }

  /** Ids of the files whose sort keys begin with `prefix`, which others may have made in the same moment. */
  #idsBeside(project: string, prefix: string): Promise<string[]> {
    const from = ascendingKey(projectKeys, prefix);
    return this.#table
      .keys(project, from, endOf(from), Number.POSITIVE_INFINITY)
      .then((keys) => keys.map((key) => idOf('file', behind(projectKeys.ascending, key))));
  }

  /** The file and its bytes, or undefined when there is none. The stream ends with an error when cut short. */
  async open(
    project: string,
    id: string,
    options: { signal?: AbortSignal; offset?: number; count?: number } = {},
  ): Promise<{ record: FileRecord; stream: Readable } | undefined> {
    const record = await this.get(project, id);
    if (!record) return undefined;
    const response = await this.#blob(project, id)
      .download(options.offset ?? 0, options.count, {
        ...(options.signal ? { abortSignal: options.signal } : {}),
        maxRetryRequests: 3,
      })
      .catch(undefinedIfGone);
    return response && { record, stream: response.readableStreamBody as Readable };
  }

  /** The first bytes of a file, as many as there are of `most`; undefined when it is gone. */
  async start({ project, object }: FileRecord, most: number): Promise<Buffer | undefined> {
    const count = Math.min(object.bytes, most);
    // A range of what is empty is an error.
    if (count === 0) return Buffer.alloc(0);
    return this.#blob(project, object.id).downloadToBuffer(0, count).catch(undefinedIfGone);
  }

  /** Whole content, for small files only. */
  async read(project: string, id: string): Promise<Buffer | undefined> {
    if (!(await this.get(project, id))) return undefined;
    return this.#blob(project, id).downloadToBuffer().catch(undefinedIfGone);
  }

  /** Only the bytes, of a file that the caller knows of; undefined when it is gone by now. */
  async readBytes(
    { project, id, bytes }: { project: string; id: string; bytes: number },
    abortSignal: AbortSignal,
  ): Promise<Buffer | undefined> {
    // A range of an empty blob is refused, and one whose length is not told costs a second request.
    if (bytes === 0) return Buffer.alloc(0);
    return this.#blob(project, id).downloadToBuffer(0, bytes, { abortSignal }).catch(undefinedIfGone);
  }

  #hasExpired({ object }: FileRecord): boolean {
    return object.expires_at !== undefined && unixSeconds(this.#clock.now()) >= object.expires_at;
  }

  #blob(project: string, id: string) {
    return this.#blobs.getBlockBlobClient(blobName(project, id));
  }
}

/** A file whose removal is not complete has no bytes any more. */
function undefinedIfGone(error: unknown): undefined {
  if ((error as { statusCode?: number }).statusCode === 404) return undefined;
  throw error;
}

export const blobName = (project: string, id: string): string => `${encodeURIComponent(project)}/${id}`;

/** Counts bytes and fails when there are more than allowed. */
export class ByteLimiter extends Transform {
  bytes = 0;
  readonly #limit: number;
  readonly #complete: () => Promise<void>;

  /** @param complete called behind the last byte; what follows waits for it */
  constructor(limit: number, complete: () => Promise<void> = async () => {}) {
    super();
    this.#limit = limit;
    this.#complete = complete;
  }

  override _flush(done: (error?: Error | null) => void): void {
    this.#complete().then(() => done(), done);
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: Error | null, data?: Buffer) => void,
  ): void {
    this.bytes += chunk.length;
    if (this.bytes > this.#limit) done(new FileTooLarge(this.#limit));
    else done(null, chunk);
  }
}

import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

import type { ContainerClient } from '@azure/storage-blob';

import type { FileRecord } from '../api/file.ts';
import type { UploadPartRecord, UploadRecord } from '../api/upload.ts';
import { isPlausibleId } from '../ids.ts';
import { blobName, FileTooLarge } from './files.ts';
import { endOf, partKey, uploadKey } from './keys.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { Conflict, type DocumentTable, replacement } from './table.ts';

/** Parts are staged in pieces of this size, so that a part of 64 MB is never in memory. */
const PIECE_BYTES = 1024 * 1024;
/** Blocks a blob may have; parts × pieces must stay below it. https://learn.microsoft.com/azure/storage/blobs/scalability-targets */
export const MAX_BLOCKS = 50_000;

/**
 * Uploads in parts: each part is staged as uncommitted blocks of the future file's blob, and completion
 * commits them in the order asked for. What is never completed, the storage service forgets after a week.
 */
export class UploadStore {
  readonly #table: DocumentTable;
  readonly #blobs: ContainerClient;

  constructor(table: DocumentTable, blobs: ContainerClient) {
    this.#table = table;
    this.#blobs = blobs;
  }

  async create(record: UploadRecord): Promise<void> {
    await this.#table.commit(record.project, [
      { type: 'insert', key: uploadKey(record.object.id), document: record },
    ]);
  }

  async get(project: string, id: string): Promise<UploadRecord | undefined> {
    if (!isPlausibleId(id)) return undefined;
    return (await this.#table.get<UploadRecord>(project, uploadKey(id)))?.document;
  }

  /** Applies `change`, which may find nothing to change, to the newest version; undefined when there is none. */
  async update(
    project: string,
    id: string,
    change: (record: UploadRecord) => UploadRecord,
  ): Promise<UploadRecord | undefined> {
    return retryConflicts(async () => {
      const row = await this.#table.get<UploadRecord>(project, uploadKey(id));
      if (!row) return undefined;
      const document = change(row.document);
      if (document !== row.document) await this.#table.commit(project, [replacement(row, document)]);
      return document;
    });
  }

  /** Streams one part into staged blocks. @throws {FileTooLarge} beyond `maxBytes` */
  async addPart(
    upload: UploadRecord,
    part: { id: string; createdAt: number },
    content: Readable,
    maxBytes: number,
    staged: () => void = () => {},
  ): Promise<UploadPartRecord> {
    const blob = this.#blob(upload);
    const blocks: string[] = [];
    let bytes = 0;
    for await (const piece of inPieces(content)) {
      bytes += piece.length;
      if (bytes > maxBytes) throw new FileTooLarge(maxBytes);
      // Block ids of one blob must have one length: part ids have, and so has the padded number.
      const block = Buffer.from(`${part.id}:${String(blocks.length).padStart(5, '0')}`).toString('base64');
      await blob.stageBlock(block, piece, piece.length);
      blocks.push(block);
      staged();
    }
    const record: UploadPartRecord = { ...part, uploadId: upload.object.id, bytes, blocks };
    await this.#table.commit(upload.project, [
      { type: 'insert', key: partKey(upload.object.id, part.id), document: record },
    ]);
    return record;
  }

  /** The parts named, in that order; undefined in the place of one that is unknown. */
  async parts(upload: UploadRecord, ids: readonly string[]): Promise<(UploadPartRecord | undefined)[]> {
    const prefix = partKey(upload.object.id, '');
    const rows = await this.#table.range<UploadPartRecord>(upload.project, prefix, endOf(prefix), MAX_BLOCKS);
    const known = new Map(rows.map((row) => [row.document.id, row.document]));
    return ids.map((id) => known.get(id));
  }

  /** The version of what is joined so far; undefined when nothing is. */
  async joined(upload: UploadRecord): Promise<string | undefined> {
    try {
      return (await this.#blob(upload).getProperties()).etag;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /**
   * Joins the parts' blocks into the file's bytes, in the place of a version that was read: whoever comes late
   * must not change the bytes of a file that others have already.
   * @throws {Conflict}
   */
  async join(
    upload: UploadRecord,
    parts: readonly UploadPartRecord[],
    before: string | undefined,
  ): Promise<void> {
    const conditions = before === undefined ? { ifNoneMatch: '*' } : { ifMatch: before };
    try {
      await this.#blob(upload).commitBlockList(
        parts.flatMap((part) => part.blocks),
        { conditions },
      );
    } catch (error) {
      const status = statusOf(error);
      if (status !== 409 && status !== 412) throw error;
      throw new Conflict(upload.project, { cause: error });
    }
  }

  /** MD5 of the joined bytes in hexadecimal, read as a stream. */
  async md5(upload: UploadRecord): Promise<string> {
    const hash = createHash('md5');
    const response = await this.#blob(upload).download();
    for await (const chunk of response.readableStreamBody as Readable) hash.update(chunk as Buffer);
    return hash.digest('hex');
  }

  /** Forgets what was staged or joined, unless it became a file. */
  async discard(upload: UploadRecord): Promise<void> {
    const blob = this.#blob(upload);
    const { succeeded } = await blob.deleteIfExists();
    if (succeeded) return;
    // Staged blocks are no blob that could be deleted, and cost as much as one for a week: they are made an empty one.
    await blob.commitBlockList([], { conditions: { ifNoneMatch: '*' } });
    await blob.deleteIfExists();
  }

  #blob(upload: UploadRecord) {
    return this.#blobs.getBlockBlobClient(blobName(upload.project, upload.fileId));
  }
}

const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;

/** The file that an upload becomes. */
export function fileOf(upload: UploadRecord, sortKey: string, now: number): FileRecord {
  const { filename, bytes, purpose } = upload.object;
  const expiresAfter = upload.fileExpiresAfter;
  return {
    project: upload.project,
    sortKey,
    object: {
      id: upload.fileId,
      object: 'file',
      bytes,
      created_at: now,
      filename,
      purpose: purpose as FileRecord['object']['purpose'],
      status: 'processed',
      ...(expiresAfter === null ? {} : { expires_at: now + expiresAfter }),
    },
  };
}

async function* inPieces(content: Readable): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    waiting.push(chunk);
    bytes += chunk.length;
    while (bytes >= PIECE_BYTES) {
      const all = Buffer.concat(waiting);
      yield all.subarray(0, PIECE_BYTES);
      const rest = all.subarray(PIECE_BYTES);
      waiting = rest.length > 0 ? [rest] : [];
      bytes = rest.length;
    }
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

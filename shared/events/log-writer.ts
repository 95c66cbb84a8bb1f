import type { AppendBlobClient } from '@azure/storage-blob';

import { errorFields, type Log } from '../log.ts';

/** Longest wait before an event is in the log. */
export const BATCH_MS = 50;
/** An append takes at most 4 MiB. https://learn.microsoft.com/rest/api/storageservices/append-block */
const MAX_APPEND_BYTES = 4 * 1024 * 1024;

/**
 * Appends lines to a run's log, batched. Writes at the position where it left off and nowhere else: a worker
 * that lost its run cannot write between the lines of the one that has it.
 */
export class LogWriter {
  readonly #blob: AppendBlobClient;
  readonly #log: Log;
  #position: number;
  #exists: boolean;
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #displaced = false;

  constructor(blob: AppendBlobClient, log: Log, position = 0) {
    this.#blob = blob;
    this.#log = log;
    this.#position = position;
    this.#exists = position > 0;
  }

  append(line: string): void {
    if (this.#displaced) return;
    this.#waiting.push(line);
    this.#timer ??= setTimeout(() => void this.flush(), BATCH_MS);
  }

  /** Resolves when everything appended so far is written. Never rejects: a log that cannot be written is logged. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(async () => {
      while (this.#waiting.length > 0 && !this.#displaced) await this.#write(this.#nextBatch());
    });
    return this.#writing;
  }

  #nextBatch(): Buffer {
    const lines: string[] = [];
    let bytes = 0;
    while (this.#waiting[0] !== undefined) {
      const size = Buffer.byteLength(this.#waiting[0]) + 1;
      if (lines.length > 0 && bytes + size > MAX_APPEND_BYTES) break;
      lines.push(this.#waiting.shift() as string);
      bytes += size;
    }
    return Buffer.from(`${lines.join('\n')}\n`);
  }

  async #write(batch: Buffer): Promise<void> {
    try {
      if (!this.#exists) await this.#blob.createIfNotExists();
      this.#exists = true;
      for (let at = 0; at < batch.length; at += MAX_APPEND_BYTES) {
        const block = batch.subarray(at, at + MAX_APPEND_BYTES);
        await this.#appendAt(block);
        this.#position += block.length;
      }
    } catch (error) {
      this.#displaced = true;
      this.#log.warn('an event log cannot be continued by this worker', {
        log: this.#blob.name,
        ...errorFields(error),
      });
    }
  }

  async #appendAt(block: Buffer): Promise<void> {
    const conditions = { appendPosition: this.#position };
    try {
      await this.#blob.appendBlock(block, block.length, { conditions });
    } catch (error) {
      // An append whose answer was lost conflicts with itself when it is tried again.
      const { contentLength } = await this.#blob.getProperties();
      if (contentLength !== this.#position + block.length) throw error;
    }
  }
}

import type { AppendBlobClient } from '@azure/storage-blob';

import { SECOND } from '../clock.ts';
import { errorFields, type Log } from '../log.ts';

/** Longest wait before an event is in the log. */
const BATCH_MS = 50;
/** A blob takes 50,000 appends of at most 4 MiB. https://learn.microsoft.com/rest/api/storageservices/append-block */
const MAX_APPEND_BYTES = 4 * 1024 * 1024;
const APPENDS_IN_HASTE = 30_000;
/** Text that may wait for a storage that does not keep up; beyond it the log ends here. */
const MAX_WAITING_UNITS = 16 * 1024 * 1024;

/**
 * Appends lines to a run's log, batched. Writes at the position where it left off and nowhere else: a worker
 * that lost its run cannot write between the lines of the one that has it. A log that cannot be continued is
 * given up: who follows it gets the rest from what is saved of the run.
 */
export class LogWriter {
  readonly #blob: AppendBlobClient;
  readonly #log: Log;
  #position: number;
  #created: Promise<unknown> | undefined;
  #waiting: string[] = [];
  #units = 0;
  #appends = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #givenUp = false;

  constructor(blob: AppendBlobClient, log: Log, position = 0) {
    this.#blob = blob;
    this.#log = log;
    this.#position = position;
  }

  append(line: string): void {
    if (this.#givenUp) return;
    this.#create();
    this.#waiting.push(line);
    this.#units += line.length;
    if (this.#units > MAX_WAITING_UNITS) {
      this.#giveUp(new Error('Storage does not keep up.'));
      return;
    }
    this.#timer ??= setTimeout(() => void this.flush(), this.#appends < APPENDS_IN_HASTE ? BATCH_MS : SECOND);
  }

  /** Resolves when everything appended so far is written. Never rejects: a log that cannot be written is logged. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(async () => {
      while (this.#waiting.length > 0) await this.#write(this.#nextBatch());
    });
    return this.#writing;
  }

  /**
   * Makes this the log's only writer: appends an empty line, after which an earlier worker's position is wrong.
   * @returns false when the log has grown since it was read
   */
  async fence(): Promise<boolean> {
    try {
      this.#create();
      await this.#created;
      await this.#appendAt(Buffer.from('\n'));
      return true;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 412) return false;
      this.#giveUp(error);
      return true;
    }
  }

  /** With the first event, not the first write: that there is a log is known at once. */
  #create(): void {
    if (this.#created || this.#position > 0) return;
    this.#created = this.#blob.createIfNotExists();
    // Awaited by the first write; until then a failure must not count as unhandled.
    this.#created.catch(() => undefined);
  }

  #nextBatch(): Buffer {
    const lines: string[] = [];
    let bytes = 0;
    while (this.#waiting[0] !== undefined) {
      const size = Buffer.byteLength(this.#waiting[0]) + 1;
      if (lines.length > 0 && bytes + size > MAX_APPEND_BYTES) break;
      const line = this.#waiting.shift() as string;
      this.#units -= line.length;
      lines.push(line);
      bytes += size;
    }
    return Buffer.from(`${lines.join('\n')}\n`);
  }

  async #write(batch: Buffer): Promise<void> {
    try {
      await this.#created;
      for (let at = 0; at < batch.length; at += MAX_APPEND_BYTES) {
        await this.#appendAt(batch.subarray(at, at + MAX_APPEND_BYTES));
      }
    } catch (error) {
      this.#giveUp(error);
    }
  }

  async #appendAt(block: Buffer): Promise<void> {
    this.#appends += 1;
    const conditions = { appendPosition: this.#position };
    try {
      await this.#blob.appendBlock(block, block.length, { conditions });
    } catch (error) {
      // An append whose answer was lost conflicts with itself when it is tried again.
      if ((error as { statusCode?: number }).statusCode !== 412 || !(await this.#holds(block))) throw error;
    }
    this.#position += block.length;
  }

  async #holds(block: Buffer): Promise<boolean> {
    if (block.length === 1) return false;
    const { contentLength = 0 } = await this.#blob.getProperties();
    if (contentLength < this.#position + block.length) return false;
    return block.equals(await this.#blob.downloadToBuffer(this.#position, block.length));
  }

  #giveUp(error: unknown): void {
    this.#givenUp = true;
    this.#waiting = [];
    this.#log.warn('an event log is not continued by this worker', {
      log: this.#blob.name,
      ...errorFields(error),
    });
  }
}

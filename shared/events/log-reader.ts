import type { AppendBlobClient } from '@azure/storage-blob';

import type { NumberedEvent } from '../run/run-event.ts';

/** Read at once; a reader that is slow to take it holds as much. A longer line takes several reads. */
const MAX_READ_BYTES = 256 * 1024;

export const encodeLine = ({ id, event }: NumberedEvent): string => JSON.stringify([id, event]);

/** Reads a run's log piece by piece; a line that is not complete yet waits for its rest. */
export class LogReader {
  readonly #blob: AppendBlobClient;
  readonly #signal: AbortSignal | undefined;
  #unfinished: Buffer[] = [];
  #position = 0;

  constructor(blob: AppendBlobClient, signal?: AbortSignal) {
    this.#blob = blob;
    this.#signal = signal;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position;
  }

  /**
   * The next events; empty when there are none beyond those read, or no log.
   * @throws errors of storage, and an `AbortError`
   */
  async read(): Promise<NumberedEvent[]> {
    for (;;) {
      const bytes = await this.#download();
      if (bytes.length === 0) return [];
      this.#position += bytes.length;
      const end = bytes.lastIndexOf(0x0a) + 1;
      if (end === 0) {
        this.#unfinished.push(bytes);
        continue;
      }
      const lines = Buffer.concat([...this.#unfinished, bytes.subarray(0, end)]);
      this.#unfinished = end < bytes.length ? [bytes.subarray(end)] : [];
      const events = decodeLines(lines.toString('utf8'));
      // An empty line only marks where another worker took over.
      if (events.length > 0) return events;
    }
  }

  async #download(): Promise<Buffer> {
    const options = this.#signal ? { abortSignal: this.#signal } : {};
    try {
      const response = await this.#blob.download(this.#position, MAX_READ_BYTES, options);
      return await collect(response.readableStreamBody as AsyncIterable<Buffer>);
    } catch (error) {
      const { statusCode } = error as { statusCode?: number };
      // There is no log, or nothing behind the position yet.
      if (statusCode === 404 || statusCode === 416) return Buffer.alloc(0);
      throw error;
    }
  }
}

const decodeLines = (text: string): NumberedEvent[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id, event] = JSON.parse(line) as [number, NumberedEvent['event']];
      return { id, event };
    });

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

import type { AppendBlobClient } from '@azure/storage-blob';

import type { NumberedEvent } from './run-event.ts';

export const encodeLine = ({ number, event }: NumberedEvent): string => JSON.stringify([number, event]);

/** Reads a run's log piece by piece; a line that is not complete yet waits for its rest. */
export class LogReader {
  readonly #blob: AppendBlobClient;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes read so far. */
  position = 0;

  constructor(blob: AppendBlobClient) {
    this.#blob = blob;
  }

  /** Events appended since the last read; undefined when there is no log. At most `MAX_READ_BYTES` at once. */
  async read(): Promise<NumberedEvent[] | undefined> {
    let bytes: Buffer;
    try {
      const response = await this.#blob.download(this.position, MAX_READ_BYTES);
      bytes = await collect(response.readableStreamBody as AsyncIterable<Buffer>);
    } catch (error) {
      const { statusCode } = error as { statusCode?: number };
      if (statusCode === 404) return undefined;
      // 416: nothing behind the position yet.
      if (statusCode === 416) return [];
      throw error;
    }
    this.position += bytes.length;
    const all = Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(0x0a) + 1;
    this.#rest = all.subarray(end);
    const lines = all.subarray(0, end).toString('utf8').split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => {
        const [number, event] = JSON.parse(line) as [number, NumberedEvent['event']];
        return { number, event };
      });
  }
}

const MAX_READ_BYTES = 4 * 1024 * 1024;

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

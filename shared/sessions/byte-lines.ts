import type { Readable } from 'node:stream';

/** A line or a whole answer was longer than allowed. */
export class TooLong extends Error {}

/**
 * Lines of a byte stream, without their line feeds. Holds at most `maxLineBytes`; what follows the last
 * line feed is dropped, as an answer that was cut off ends in the middle of a line.
 * @throws {TooLong}
 */
export async function* byteLines(
  stream: Readable,
  limits: { maxLineBytes: number; maxBytes: number },
): AsyncGenerator<string, void, undefined> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let total = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > limits.maxBytes) throw new TooLong(`more than ${limits.maxBytes} bytes were sent`);
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      held.push(chunk.subarray(start, end));
      heldBytes += end - start;
      if (heldBytes > limits.maxLineBytes) throw new TooLong(`a line exceeds ${limits.maxLineBytes} bytes`);
      yield Buffer.concat(held, heldBytes).toString('utf8');
      held = [];
      heldBytes = 0;
      start = end + 1;
    }
    held.push(chunk.subarray(start));
    heldBytes += chunk.length - start;
    if (heldBytes > limits.maxLineBytes) throw new TooLong(`a line exceeds ${limits.maxLineBytes} bytes`);
  }
}

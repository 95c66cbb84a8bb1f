import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `read` gives a value that is neither undefined nor false, asking every 20 ms.
 * @throws after `timeoutMs` (two minutes by default: the machine may be busy), naming what was awaited.
 */
export async function eventually<T>(
  what: string,
  read: () => T | Promise<T>,
  timeoutMs = 120_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (performance.now() > deadline) throw new Error(`Still waiting for ${what} after ${timeoutMs} ms`);
    await delay(20);
  }
}

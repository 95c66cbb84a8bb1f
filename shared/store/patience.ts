import { setTimeout as delay } from 'node:timers/promises';

import { SECOND } from '../clock.ts';

/**
 * How long a call to tables or queues is repeated while the service is busy or cannot be reached: longer than
 * the failovers and throttling that storage accounts go through now and then, shorter than a caller's patience.
 */
export const PATIENCE_MS = 30 * SECOND;
/** A small call without an answer for this long will not get one: its connection is dead. */
const ATTEMPT_MS = 10 * SECOND;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2 * SECOND;

const busyStatuses = new Set([408, 429, 500, 502, 503, 504]);
/** PARSE_ERROR: the connection broke in the middle of the answer. */
const brokenConnections = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'REQUEST_SEND_ERROR',
  'PARSE_ERROR',
]);

/**
 * Repeats a call until it has an answer, at most for {@link PATIENCE_MS}. The answer to an earlier attempt may
 * have been lost, so whatever is called has to recognize its own effect.
 * @throws the last error
 */
export async function patiently<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    const attempt = new AbortController();
    const timer = setTimeout(() => attempt.abort(), ATTEMPT_MS);
    try {
      return await call(attempt.signal);
    } catch (error) {
      const repeat = attempt.signal.aborted || isPassing(error);
      if (!repeat || performance.now() + waitMs > deadline) throw error;
    } finally {
      clearTimeout(timer);
    }
    // Whoever failed together must not come back together.
    await delay(waitMs * (0.5 + Math.random() / 2));
  }
}

/** Whether the same call may succeed a little later. */
export function isPassing(error: unknown): boolean {
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (statusCode !== undefined) return busyStatuses.has(statusCode);
  return code !== undefined && brokenConnections.has(code);
}

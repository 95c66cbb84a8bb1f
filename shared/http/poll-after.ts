import { SECOND } from '../clock.ts';

const SOONEST = 100;
const LATEST = 2 * SECOND;

/**
 * How long a client that polls a live run should wait: a tenth of the run's age, so that short runs are seen
 * soon and long ones cost little. Without this header the official clients wait for 1 or 5 s.
 * @param createdAt Unix seconds
 * @param now Unix milliseconds
 */
export function pollAfter(createdAt: number, now: number): Record<string, string> {
  const age = now - createdAt * SECOND;
  return { 'openai-poll-after-ms': String(Math.round(Math.min(LATEST, Math.max(SOONEST, age / 10)))) };
}

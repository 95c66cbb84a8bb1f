import { SECOND } from '../clock.ts';

const SOONEST = 100;
const LATEST = 2 * SECOND;

/** openai for Python keeps to the first answer for as long as it polls. */
const FOR_GOOD = SECOND / 2;

/**
 * How long a client that polls a live run should wait: a tenth of the run's age, so that short runs are seen
 * soon and long ones cost little. Without this header the official clients wait for 1 or 5 s.
 * @param createdAt Unix seconds
 * @param now Unix milliseconds
 */
export function pollAfter(
  createdAt: number,
  now: number,
  headers: { get(name: string): string | null },
): Record<string, string> {
  if (headers.get('x-stainless-lang') === 'python') return { 'openai-poll-after-ms': String(FOR_GOOD) };
  const age = now - createdAt * SECOND;
  return { 'openai-poll-after-ms': String(Math.round(Math.min(LATEST, Math.max(SOONEST, age / 10)))) };
}

/** The host polls an idle queue ever more slowly, at random around powers of two, from 100 ms up. */
export const MIN_POLLING_MS = 100;
const RANDOM_SHARE = 0.2;

export interface PollingDelay {
  /** A message was found: the next pause is the shortest again. */
  reset(): void;
  /** Milliseconds to wait after an empty answer. */
  next(): number;
}

export function createPollingDelay(maxMs: number, random: () => number = Math.random): PollingDelay {
  let exponent = 0;
  return {
    reset: () => {
      exponent = 0;
    },
    next: () => {
      const jitter = 1 - RANDOM_SHARE + random() * 2 * RANDOM_SHARE;
      const delay = MIN_POLLING_MS + (2 ** exponent - 1) * jitter * MIN_POLLING_MS;
      if (delay < maxMs) exponent += 1;
      return Math.max(Math.min(delay, maxMs), MIN_POLLING_MS);
    },
  };
}

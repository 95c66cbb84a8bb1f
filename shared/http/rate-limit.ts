import { ApiError } from '../api/error.ts';
import { MINUTE, SECOND } from '../clock.ts';

export interface RateLimit {
  /** Counts one request of `key`. @throws {ApiError} 429 with `retry-after` in whole seconds */
  count(key: string, now: number): void;
}

/**
 * A token bucket for each key: `perMinute` requests at once, refilled evenly. It lives in this process's
 * memory, so every instance of the app grants the limit anew: a guard against runaways, not an account.
 */
export function createRateLimit(perMinute: number): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const perMillisecond = perMinute / MINUTE;
  return {
    count(key, now) {
      const bucket = buckets.get(key) ?? { tokens: perMinute, at: now };
      buckets.set(key, bucket);
      const elapsed = Math.max(0, now - bucket.at);
      bucket.tokens = Math.min(perMinute, bucket.tokens + elapsed * perMillisecond);
      bucket.at = now;
      if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return;
      }
      const wait = Math.max(1, Math.ceil((1 - bucket.tokens) / perMillisecond / SECOND));
      throw new ApiError(
        429,
        `Rate limit reached: this key may send ${perMinute} requests per minute. Please try again in ${wait}s.`,
        { type: 'rate_limit_error', code: 'rate_limit_exceeded', headers: { 'retry-after': String(wait) } },
      );
    },
  };
}

import { ApiError } from '../api/error.ts';
import { MINUTE, SECOND } from '../clock.ts';

/** Addresses that are remembered; the one not heard of for longest is forgotten first. */
const MOST_ADDRESSES = 10_000;

/** Where requests come from that nobody may make. */
export interface Strangers {
  /** @throws {ApiError} 429 for an address that has guessed too often, before its key is looked at */
  admit(address: string, now: number): void;
  /** Notes that a request from there had no valid key. */
  refused(address: string, now: number): void;
}

/**
 * A bucket of `perMinute` wrong keys for each address, refilled evenly. Like the rate limit it lives in this
 * process, so that every instance grants it anew: it makes guessing and flooding dear, and counts nothing exactly.
 * Callers who share an address share its bucket, but only those without a valid key empty it.
 */
export function createStrangers(perMinute: number): Strangers {
  const buckets = new Map<string, { left: number; at: number }>();
  const perMillisecond = perMinute / MINUTE;
  const current = (address: string, now: number): number => {
    const bucket = buckets.get(address);
    if (!bucket) return perMinute;
    return Math.min(perMinute, bucket.left + Math.max(0, now - bucket.at) * perMillisecond);
  };
  return {
    admit(address, now) {
      const left = current(address, now);
      if (left >= 1) return;
      const wait = Math.max(1, Math.ceil((1 - left) / perMillisecond / SECOND));
      throw new ApiError(
        429,
        `Too many requests without a valid key from this address. Please try again in ${wait}s.`,
        { type: 'rate_limit_error', code: 'rate_limit_exceeded', headers: { 'retry-after': String(wait) } },
      );
    },
    refused(address, now) {
      const left = current(address, now) - 1;
      buckets.delete(address);
      buckets.set(address, { left, at: now });
      const [oldest] = buckets.keys();
      if (buckets.size > MOST_ADDRESSES && oldest !== undefined) buckets.delete(oldest);
    },
  };
}

/**
 * The address of whoever is at the other end, as the platform says it: the last entry of `x-forwarded-for`, which
 * its front end appends; what stands before it may be anything. Without its port, and of IPv6 only the network,
 * since a single machine has all addresses of a /64.
 */
export function addressOf(headers: Headers): string {
  const last = (headers.get('x-forwarded-for') ?? '').split(',').at(-1)?.trim().toLowerCase() ?? '';
  const bare = /^\[([^\]]*)\](:\d+)?$/.exec(last)?.[1] ?? last.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  return bare.includes(':') ? networkOf(bare) : bare.slice(0, 64);
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = '', tail = ''] = address.split('::', 2);
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  const zeros = address.includes('::')
    ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
    : [];
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':').slice(0, 40)}::/64`;
}

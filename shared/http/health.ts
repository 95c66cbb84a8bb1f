import type { HttpResponseInit } from '@azure/functions';

import type { Clock } from '../clock.ts';
import { errorFields, type Log } from '../log.ts';

/** One thing that must work before requests make sense. Its name is public, its failure's reason is logged. */
export interface ReadinessCheck {
  readonly name: string;
  check(signal: AbortSignal): Promise<void>;
}

/** Probes come often and from anywhere: they must not become load. */
const CACHE_MS = 10_000;
const CHECK_MS = 5_000;

/** Answers 200 or 503, with the names of what works and what does not; at most one real check each 10 s. */
export function createReadiness(
  checks: readonly ReadinessCheck[],
  clock: Clock,
  log: Log,
): () => Promise<HttpResponseInit> {
  let last: { at: number; answer: Promise<HttpResponseInit> } | undefined;
  return () => {
    if (!last || clock.now() - last.at > CACHE_MS) last = { at: clock.now(), answer: checkAll(checks, log) };
    return last.answer;
  };
}

/** What `making` resolves to. @throws what it throws, or after 5 s: a probe is not kept waiting for longer */
export async function soon<T>(making: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('it takes too long')), CHECK_MS);
  try {
    return await Promise.race([making, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function checkAll(checks: readonly ReadinessCheck[], log: Log): Promise<HttpResponseInit> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => {
      try {
        await check(AbortSignal.timeout(CHECK_MS));
        return [name, 'ok'] as const;
      } catch (error) {
        log.error('not ready', { check: name, ...errorFields(error) });
        return [name, 'failed'] as const;
      }
    }),
  );
  const ready = results.every(([, result]) => result === 'ok');
  return {
    status: ready ? 200 : 503,
    headers: { 'cache-control': 'no-store' },
    jsonBody: { status: ready ? 'ready' : 'not ready', ...Object.fromEntries(results) },
  };
}

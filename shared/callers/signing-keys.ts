import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';

import { HOUR, MINUTE, SECOND } from '../clock.ts';

/** How old the keys of a tenant may be before they are asked for again: a key that was withdrawn is known by then. */
export const REFRESH_MS = 10 * MINUTE;
/** How long the keys that are known stay good while the identity provider cannot be reached. */
export const STALE_MS = 24 * HOUR;
/** A key that is not known is looked for at most this often: tokens with made-up keys do not become requests. */
const COOLDOWN_MS = 30 * SECOND;
const TIMEOUT_MS = 5 * SECOND;

/**
 * The keys with which a tenant signs, fetched when first needed and kept. New ones (key rotation) are found when
 * a token names one that is not known.
 * @param now milliseconds
 */
export function signingKeys(address: URL, now: () => number): JWTVerifyGetKey {
  const known = createRemoteJWKSet(address, {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: TIMEOUT_MS,
  });
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  async function refresh(): Promise<void> {
    triedAt = now();
    try {
      await known.reload();
      fetchedAt = now();
    } catch (error) {
      if (now() - fetchedAt > STALE_MS) throw error;
    }
  }
  return async (header, token) => {
    const age = now() - fetchedAt;
    if (age > STALE_MS || (age > REFRESH_MS && now() - triedAt > COOLDOWN_MS)) await refresh();
    return known(header, token);
  };
}

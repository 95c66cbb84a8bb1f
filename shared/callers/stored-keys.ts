import { MINUTE } from '../clock.ts';
import { digest } from './api-keys.ts';
import type { Caller, Role } from './caller.ts';

/** A key that is kept in storage: made, ended and replaced without a restart. */
export interface StoredKey {
  /** The beginning of the key's hash. */
  readonly id: string;
  readonly project: string;
  readonly role: Role;
  /** Unix seconds. */
  readonly created_at: number;
  /** Unix seconds; null for a key that does not end by itself. */
  readonly expires_at: number | null;
}

/** A stored key, and the day of its last use (UTC, as 2027-03-31), where it was used. */
export interface KnownKey extends StoredKey {
  readonly lastUsed: string | undefined;
}

/** Where keys are kept, by their SHA-256 in hexadecimal digits. */
export interface KeyStorage {
  get(hash: string): Promise<KnownKey | undefined>;
  /** @param day UTC, as 2027-03-31 */
  used(hash: string, day: string): Promise<void>;
}

/** Keys in storage begin so: what does not is never looked for there. */
const PREFIX = 'hgk-';
const SHAPE = /^hgk-[A-Za-z0-9_-]{43}$/;

/** A new key, of 256 random bits. */
export const newKey = (): string =>
  `${PREFIX}${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')}`;

/** How long an answer of storage is good: a key that was removed is refused by every instance after this. */
export const KNOWN_MS = MINUTE;
/** Made-up keys push out only each other and what can be read again. */
const MOST_KNOWN = 10_000;

export interface StoredKeys {
  /** Whose key it is; undefined for one that is unknown, or expired. */
  find(secret: string): Promise<Caller | undefined>;
}

/**
 * Keys that are kept in storage, each read at most once a minute and process.
 * @param now milliseconds
 * @param report told when a key's use could not be noted, which stops no request
 */
export function storedKeys(
  storage: KeyStorage,
  now: () => number,
  report: (error: unknown) => void,
): StoredKeys {
  const known = new Map<string, { readonly key: Promise<KnownKey | undefined>; readonly until: number }>();
  const noted = new Map<string, string>();

  function read(hash: string): Promise<KnownKey | undefined> {
    const entry = known.get(hash);
    if (entry && entry.until > now()) return entry.key;
    if (known.size >= MOST_KNOWN) known.clear();
    const key = storage.get(hash);
    known.set(hash, { key, until: now() + KNOWN_MS });
    // A storage that was away is asked again by the next request.
    key.catch(() => known.delete(hash));
    return key;
  }

  function note(hash: string, key: KnownKey): void {
    const today = new Date(now()).toISOString().slice(0, 10);
    if (key.lastUsed === today || noted.get(hash) === today) return;
    if (noted.size >= MOST_KNOWN) noted.clear();
    noted.set(hash, today);
    storage.used(hash, today).catch(report);
  }

  return {
    async find(secret) {
      if (!SHAPE.test(secret)) return undefined;
      // Found by its hash: whoever could tell how far a comparison went would learn of the hash, not of the key.
      const hash = digest(secret).toString('hex');
      const key = await read(hash);
      if (!key || (key.expires_at !== null && now() >= key.expires_at * 1000)) return undefined;
      note(hash, key);
      return { project: key.project, key: key.id, role: key.role };
    },
  };
}

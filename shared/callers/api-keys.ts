import { createHash, timingSafeEqual } from 'node:crypto';

import { ApiError } from '../api/error.ts';

/** Whose request it is, and which key made it. */
export interface Caller {
  readonly project: string;
  /** Short name of the key for logs and limits; says nothing about the key itself. */
  readonly key: string;
}

export interface KeyRing {
  /** @throws {ApiError} 401 */
  authenticate(headers: Headers): Caller;
}

interface Entry extends Caller {
  readonly hash: Buffer;
}

const PROJECT_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const SHORTEST_KEY_SHOWN = 16;

/**
 * Reads `API_KEYS`: `team-a:KEY1,team-a:KEY2,KEY3`. A key without a name is a project of its own, named after
 * the key's hash. Only hashes are kept.
 * @throws {TypeError} naming the entry by its place, never by its key
 */
export function readApiKeys(setting: string): KeyRing {
  const entries = setting
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(readEntry);
  if (entries.length === 0)
    throw new TypeError('API_KEYS: no key is set, for example team-a:KEY1,team-b:KEY2');
  const names = new Map<string, string>();
  for (const { key, project } of entries) {
    if ((names.get(key) ?? project) !== project) {
      throw new TypeError('API_KEYS: one key stands in two projects');
    }
    names.set(key, project);
  }
  return { authenticate: (headers) => authenticate(entries, headers) };
}

function readEntry(entry: string, index: number): Entry {
  const colon = entry.indexOf(':');
  const secret = entry.slice(colon + 1).trim();
  const name = entry.slice(0, Math.max(colon, 0)).trim();
  if (secret === '' || (colon >= 0 && !PROJECT_NAME.test(name))) {
    throw new TypeError(
      `API_KEYS: entry ${index + 1} is not KEY or PROJECT:KEY with a project name of letters, digits, '-' and '_'`,
    );
  }
  const hash = digest(secret);
  const key = hash.toString('hex').slice(0, 16);
  return { project: colon < 0 ? `key-${key}` : name, key, hash };
}

function authenticate(entries: readonly Entry[], headers: Headers): Caller {
  const presented = presentedKeys(headers);
  for (const secret of presented) {
    const hash = digest(secret);
    let caller: Caller | undefined;
    // All entries are compared, whichever fits: the time taken tells nothing.
    for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) caller = entry;
    if (caller) return { project: caller.project, key: caller.key };
  }
  throw new ApiError(
    401,
    `Incorrect API key provided: ${masked(presented[0])}. Send one of the keys of this deployment as 'Authorization: Bearer KEY' or 'api-key: KEY'.`,
    { code: 'invalid_api_key', headers: { 'www-authenticate': 'Bearer' } },
  );
}

function presentedKeys(headers: Headers): string[] {
  const bearer = /^Bearer +(\S.*)$/i.exec(headers.get('authorization') ?? '')?.[1];
  return [headers.get('api-key'), bearer].filter((key) => typeof key === 'string' && key !== '') as string[];
}

/** At most the last four characters, and none of a key so short that they would give it away. */
function masked(key: string | undefined): string {
  if (key === undefined) return '(none)';
  const end = key.trim().slice(-4);
  return key.length < SHORTEST_KEY_SHOWN || !/^[\x21-\x7e]+$/.test(end) ? '****' : `****${end}`;
}

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest();

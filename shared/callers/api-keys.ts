import { createHash, timingSafeEqual } from 'node:crypto';

import { type Caller, isRole, PROJECT_NAME, roles } from './caller.ts';

export interface KeyRing {
  /** Whose key it is; undefined for one that is unknown, or expired. @param now milliseconds */
  find(secret: string, now: number): Caller | undefined;
  readonly size: number;
}

interface Entry extends Caller {
  readonly hash: Buffer;
  /** Milliseconds; the key is refused from then on. */
  readonly expiresAt: number;
}

const HASHED = /^sha256:([0-9a-f]{64})$/i;
const OWNER = /^([^/@]*)(?:\/([^/@]*))?(?:@(\d{4}-\d{2}-\d{2}))?$/;

/**
 * Reads `API_KEYS`: entries `PROJECT:KEY`, separated by commas. A role and a last day may follow the project
 * (`team-a/reader@2027-03-31:KEY`); the role is `user` where none is given, and the day is one of UTC. In place of
 * the key its hash may stand (`sha256:HEX`). A key without a project is a project of its own, named after the
 * key's hash. Only hashes are kept.
 * @throws {TypeError} naming the entry by its place, never by its key
 */
export function readApiKeys(setting: string): KeyRing {
  const entries = setting
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(readEntry);
  const names = new Map<string, string>();
  for (const { key, project } of entries) {
    if ((names.get(key) ?? project) !== project) {
      throw new TypeError('API_KEYS: one key stands in two projects');
    }
    names.set(key, project);
  }
  return { size: entries.length, find: (secret, now) => find(entries, secret, now) };
}

/** Characters of a key that is not to be guessed; the emulation, which answers to its own machine alone, takes others. */
export const SHORTEST_KEY = 24;

/** The place (from 1) of the first entry whose key is shorter; undefined where all are long, or given by their hash. */
export function shortKeyOf(setting: string): number | undefined {
  const entries = setting
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const isShort = (entry: string) => !HASHED.test(secretOf(entry)) && secretOf(entry).length < SHORTEST_KEY;
  const index = entries.findIndex(isShort);
  return index < 0 ? undefined : index + 1;
}

function secretOf(entry: string): string {
  const colon = HASHED.test(entry) ? -1 : entry.indexOf(':');
  return entry.slice(colon + 1).trim();
}

function readEntry(entry: string, index: number): Entry {
  const colon = HASHED.test(entry) ? -1 : entry.indexOf(':');
  const secret = entry.slice(colon + 1).trim();
  const [owned, project = '', role = 'user', day] =
    OWNER.exec(entry.slice(0, Math.max(colon, 0)).trim()) ?? [];
  if (secret === '' || owned === undefined || (colon >= 0 && !PROJECT_NAME.test(project))) {
    throw new TypeError(
      `API_KEYS: entry ${index + 1} is not KEY or PROJECT:KEY with a project name of letters, digits, '-' and '_'`,
    );
  }
  if (!isRole(role)) {
    throw new TypeError(
      `API_KEYS: entry ${index + 1} has a role that is none: PROJECT/ROLE:KEY with ${roles.join(', ')}`,
    );
  }
  const lastDay = day === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${day}T23:59:59.999Z`);
  if (Number.isNaN(lastDay)) {
    throw new TypeError(`API_KEYS: entry ${index + 1} ends on a day that is none: PROJECT@2027-03-31:KEY`);
  }
  const given = HASHED.exec(secret)?.[1];
  const hash = given ? Buffer.from(given, 'hex') : digest(secret);
  const key = keyId(hash);
  return { project: colon < 0 ? `key-${key}` : project, key, role, hash, expiresAt: lastDay };
}

function find(entries: readonly Entry[], secret: string, now: number): Caller | undefined {
  const hash = digest(secret);
  let found: Entry | undefined;
  // All entries are compared, whichever fits: the time taken tells nothing.
  for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry;
  if (!found || now > found.expiresAt) return undefined;
  return { project: found.project, key: found.key, role: found.role };
}

export const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** The id of a key: the beginning of its hash, which says nothing about the key. */
export const keyId = (hash: Buffer): string => hash.toString('hex').slice(0, 16);

import { createHash, randomBytes } from 'node:crypto';

/**
 * Ids of ours sort by their time of creation as plain strings: 9 characters of milliseconds, 3 of a counter
 * within the millisecond, 12 of chance, in Crockford's base 32 (whose characters are in ASCII order).
 * Ids made elsewhere are welcome everywhere; nothing may assume that they carry a time.
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 9;
const COUNTER_CHARACTERS = 3;
const CHANCE_CHARACTERS = 12;
const COUNTERS_PER_MILLISECOND = 32 ** COUNTER_CHARACTERS;
export const SORT_KEY_LENGTH = TIME_CHARACTERS + COUNTER_CHARACTERS + CHANCE_CHARACTERS;
const SORT_KEY = new RegExp(`^[${ALPHABET}]{${SORT_KEY_LENGTH}}$`);

const prefixes = {
  assistant: 'asst_',
  thread: 'thread_',
  message: 'msg_',
  run: 'run_',
  step: 'step_',
  call: 'call_',
  file: 'file-',
  upload: 'upload_',
  part: 'part_',
  vectorStore: 'vs_',
  fileBatch: 'vsfb_',
  request: 'req_',
} as const;
export type IdKind = keyof typeof prefixes;

let lastMilliseconds = 0;
let counter = 0;

/**
 * A key that sorts after every key this process made before, and after `after` (the newest key of a
 * collection, made perhaps by a machine whose clock runs ahead).
 */
export function newSortKey(nowMilliseconds: number, after?: string): string {
  let milliseconds = Math.max(nowMilliseconds, lastMilliseconds);
  if (after && SORT_KEY.test(after)) milliseconds = Math.max(milliseconds, timeOfSortKey(after) + 1);
  counter = milliseconds === lastMilliseconds ? counter + 1 : 0;
  if (counter >= COUNTERS_PER_MILLISECOND) {
    milliseconds += 1;
    counter = 0;
  }
  lastMilliseconds = milliseconds;
  return encode(milliseconds, TIME_CHARACTERS) + encode(counter, COUNTER_CHARACTERS) + chance();
}

/** A new id of `kind`; see {@link newSortKey} for `after`, of which an id may be given, too. */
export function newId(kind: IdKind, nowMilliseconds: number, after?: string): string {
  return prefixes[kind] + newSortKey(nowMilliseconds, after && sortKeyOf(after));
}

/** The id of an object of `kind` that stands at a sort key. */
export const idOf = (kind: IdKind, sortKey: string): string => prefixes[kind] + sortKey;

/**
 * A sort key that follows from its inputs alone, beside `base` in time: for objects that a repeated attempt
 * must find again instead of making them twice.
 */
export function derivedSortKey(base: string, salt: string): string {
  let text = base.slice(0, TIME_CHARACTERS + COUNTER_CHARACTERS);
  for (const byte of createHash('sha256').update(salt).digest().subarray(0, CHANCE_CHARACTERS)) {
    text += ALPHABET[byte % 32];
  }
  return text;
}

/**
 * The `ordinal`-th sort key after `base`: keys of one base sort by their ordinal, after the base itself, and
 * follow from their inputs alone.
 */
export function orderedSortKey(base: string, ordinal: number, salt: string): string {
  const counter = decode(base.slice(TIME_CHARACTERS, TIME_CHARACTERS + COUNTER_CHARACTERS)) + 1 + ordinal;
  const time = timeOfSortKey(base) + Math.floor(counter / COUNTERS_PER_MILLISECOND);
  const key = encode(time, TIME_CHARACTERS) + encode(counter % COUNTERS_PER_MILLISECOND, COUNTER_CHARACTERS);
  return derivedSortKey(key, salt);
}

/** What all keys derived from `base` begin with. */
export const derivedPrefix = (base: string): string => base.slice(0, TIME_CHARACTERS + COUNTER_CHARACTERS);

/** The time-ordered part of an id of ours, or undefined for an id made elsewhere. */
export function sortKeyOf(id: string): string | undefined {
  const body = id.slice(-SORT_KEY_LENGTH);
  return SORT_KEY.test(body) ? body : undefined;
}

/** Whether `id` was made here, for that kind of object (which may be gone by now). */
export const isOwnId = (kind: IdKind, id: string): boolean =>
  id.startsWith(prefixes[kind]) && SORT_KEY.test(id.slice(prefixes[kind].length));

/** Reverses the order of sort keys: the newest comes first in an ascending scan. */
export function invert(sortKey: string): string {
  let inverted = '';
  for (const character of sortKey) inverted += ALPHABET[31 - ALPHABET.indexOf(character)];
  return inverted;
}

/** Whether a string from a URL or a body can be an id at all; anything else is simply not found. */
export const isPlausibleId = (id: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(id);

/** When an id of ours was made, in Unix milliseconds; undefined for an id made elsewhere. */
export function timeOfId(id: string): number | undefined {
  const sortKey = sortKeyOf(id);
  return sortKey === undefined ? undefined : timeOfSortKey(sortKey);
}

export const timeOfSortKey = (sortKey: string): number => decode(sortKey.slice(0, TIME_CHARACTERS));

function decode(text: string): number {
  let value = 0;
  for (const character of text) value = value * 32 + ALPHABET.indexOf(character);
  return value;
}

function encode(value: number, characters: number): string {
  let text = '';
  for (let rest = value, i = 0; i < characters; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function chance(): string {
  let text = '';
  for (const byte of randomBytes(CHANCE_CHARACTERS)) text += ALPHABET[byte % 32];
  return text;
}

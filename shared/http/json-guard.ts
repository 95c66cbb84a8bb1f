import { setImmediate as nextTurn } from 'node:timers/promises';

import { type ApiError, badRequest } from '../api/error.ts';
import { paramOf } from '../api/issue.ts';
import type { LongTexts } from './long-texts.ts';

/** Characters; metadata, the longest names that any schema takes, has 64. */
const LONGEST_NAME = 1024;
/** Of one object: no schema of a function has so many, and each one that is not expected is reported. */
const MOST_NAMES = 5_000;
/** Characters of long texts that are put together in one go. */
const TURN_CHARACTERS = 1024 * 1024;

type Container = Record<PropertyKey, unknown>;
type Path = readonly PropertyKey[];

/**
 * Completes a body that was read, and refuses what could not be stored faithfully: strings with half a
 * surrogate pair, which no UTF-8 storage gives back; numbers beyond the range of doubles, which would come back
 * as null; and the name `__proto__`, which libraries drop so as not to be misled by it. Recursive, and without
 * a look at the clock: the reader has bounded the depth and the number of values.
 * @throws {ApiError} 400
 */
export async function guardJson(root: unknown, texts: LongTexts): Promise<unknown> {
  const holder: Container = { body: root };
  const long: { readonly parent: Container; readonly key: PropertyKey; readonly path: Path }[] = [];
  const path: PropertyKey[] = [];
  visit(holder, 'body');
  let characters = 0;
  for (const { parent, key, path } of long) {
    const whole = texts.whole(parent[key] as string);
    if (!whole.isWellFormed()) throw brokenText(path);
    parent[key] = whole;
    characters += whole.length;
    if (characters < TURN_CHARACTERS) continue;
    characters = 0;
    await nextTurn();
  }
  return holder.body;

  function visit(parent: Container, key: PropertyKey): void {
    const value = parent[key];
    if (typeof value === 'string') {
      if (texts.isHead(value)) long.push({ parent, key, path: [...path] });
      else if (!value.isWellFormed()) throw brokenText(path);
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) throw hugeNumber(path);
    } else if (typeof value === 'object' && value !== null) {
      if (Array.isArray(value)) {
        for (let index = 0; index < value.length; index++) descend(value, index);
        return;
      }
      let names = 0;
      for (const name in value) {
        if (++names > MOST_NAMES) throw tooManyNames(path);
        descend(value, acceptable(name, path));
      }
    }
  }

  function descend(parent: object, key: PropertyKey): void {
    path.push(key);
    visit(parent as Container, key);
    path.pop();
  }
}

/** @throws {ApiError} 400 */
function acceptable(name: string, path: Path): string {
  if (!name.isWellFormed()) throw brokenText(path, 'A property name in ');
  if (name.length > LONGEST_NAME) {
    const place = paramOf(path);
    throw badRequest(
      `A property name${place === null ? '' : ` in '${place}'`} is too long: at most ${LONGEST_NAME} characters are accepted.`,
      place,
      'property_name_above_max_length',
    );
  }
  if (name !== '__proto__') return name;
  const param = paramOf([...path, name]);
  throw badRequest(`Invalid property name: '${param}' cannot be stored.`, param, 'invalid_value');
}

function tooManyNames(path: Path): ApiError {
  const param = paramOf(path);
  return badRequest(
    `${param === null ? 'The JSON body' : `'${param}'`} has too many properties: at most ${MOST_NAMES} are accepted.`,
    param,
    'object_above_max_properties',
  );
}

function brokenText(path: Path, what = ''): ApiError {
  const param = paramOf(path);
  const where = param === null ? 'The JSON body' : `${what}'${param}'`;
  return badRequest(
    `Invalid text: ${where} contains half of a surrogate pair (a character cut in two).`,
    param,
    'invalid_value',
  );
}

function hugeNumber(path: Path): ApiError {
  const param = paramOf(path);
  return badRequest(
    `Invalid number: ${param === null ? 'the JSON body' : `'${param}'`} is beyond what a double can hold.`,
    param,
    'invalid_value',
  );
}

import { badRequest } from '../api/error.ts';
import { paramOf } from '../api/issue.ts';

/** Deeper than any JSON schema in use, shallow enough for every recursion that follows. */
const DEEPEST = 100;

interface Place {
  readonly value: unknown;
  readonly depth: number;
  readonly parent: Place | undefined;
  readonly key: PropertyKey;
}

/**
 * Refuses what could not be stored faithfully: nesting without end, and strings with half a surrogate pair,
 * which no UTF-8 storage gives back. Walks without recursion, because the depth is the caller's.
 * @throws {ApiError} 400
 */
export function guardJson(root: unknown): void {
  const waiting: Place[] = [{ value: root, depth: 0, parent: undefined, key: '' }];
  for (let place = waiting.pop(); place; place = waiting.pop()) {
    const { value, depth } = place;
    if (typeof value === 'string') {
      if (!value.isWellFormed()) throw brokenText(place);
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= DEEPEST) {
      throw badRequest(`The JSON body is nested too deeply: at most ${DEEPEST} levels are accepted.`);
    }
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        waiting.push({ value: item, depth: depth + 1, parent: place, key: index });
      }
      continue;
    }
    for (const [key, item] of Object.entries(value)) {
      if (!key.isWellFormed()) throw brokenText(place);
      waiting.push({ value: item, depth: depth + 1, parent: place, key });
    }
  }
}

function brokenText(place: Place) {
  const path: PropertyKey[] = [];
  for (let at: Place | undefined = place; at?.parent; at = at.parent) path.unshift(at.key);
  const param = paramOf(path);
  const where = param === null ? 'A property name' : `'${param}'`;
  return badRequest(
    `Invalid text: ${where} contains half of a surrogate pair (a character cut in two).`,
    param,
    'invalid_value',
  );
}

import { z } from 'zod';

import { badRequest } from '../api/error.ts';
import { nearestName } from '../api/nearest-name.ts';
import { validate } from '../api/validate.ts';

/** Parameters that say how the request came, not what it wants: the dialect reads them. */
const envelope = new Set(['api-version', 'beta']);
const empty = z.strictObject({});

/** No list has so many; and each that is unknown is compared with those that are known. */
const MOST_PARAMETERS = 100;

/**
 * A URL's query as the schema has it. `include[]=a&include[]=b` makes a list; of other repeated names the
 * last counts. One without a value is none (so clients write null and nil: `after=`, `limit=`). Proxies and clients
 * add parameters of their own: what resembles none of ours is passed over, and what is a slip of the pen is refused.
 * @throws {ApiError} 400
 */
export function readQuery<S extends z.ZodObject>(schema: S | undefined, query: URLSearchParams): z.output<S> {
  if (query.size > MOST_PARAMETERS) {
    throw badRequest(`The query has too many parameters: at most ${MOST_PARAMETERS} are accepted.`);
  }
  const values: Record<string, unknown> = {};
  const ours = Object.keys((schema ?? empty).shape);
  for (const [name, given] of byName(query)) {
    if (envelope.has(name)) continue;
    const plain = name.replace(/\[\d*\]$/, '');
    if (plain === 'include' && ours.includes(plain)) {
      if (given.length > 0) values.include = given;
    } else if (ours.includes(name)) {
      if (given.length > 0) values[name] = name === 'limit' ? numeric(given.at(-1)) : given.at(-1);
    } else {
      passOver(name, nearestName(plain, [...ours, 'api-version']));
    }
  }
  return validate((schema ?? empty) as S, values);
}

/** The values of each name that are any, collected in one pass. */
function byName(query: URLSearchParams): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of query) {
    const given = values.get(name) ?? [];
    values.set(name, given);
    if (value !== '') given.push(value);
  }
  return values;
}

/** @throws {ApiError} 400 for a name that is meant to be another one */
function passOver(name: string, meant: string | undefined): void {
  if (meant === undefined) return;
  throw badRequest(`Unknown parameter: '${name}'. Did you mean '${meant}'?`, name, 'unknown_parameter');
}

/** `limit` is the only number in any query; what is none stays a string and is refused as one. */
const numeric = (text: string | undefined): unknown =>
  text !== undefined && /^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : text;

import { z } from 'zod';

import { badRequest } from '../api/error.ts';
import { validate } from '../api/validate.ts';

/** Parameters that say how the request came, not what it wants: the dialect reads them. */
const envelope = new Set(['api-version', 'beta']);
/** Without a value they are none, and the list begins: so the official clients write `after: null`. */
const cursors = new Set(['after', 'before']);
const empty = z.strictObject({});

/** No list has so many; and each that is unknown is compared with those that are known. */
const MOST_PARAMETERS = 100;

/**
 * A URL's query as the schema has it. `include[]=a&include[]=b` makes a list; of other repeated names the
 * last counts.
 * @throws {ApiError} 400
 */
export function readQuery<S extends z.ZodObject>(schema: S | undefined, query: URLSearchParams): z.output<S> {
  if (query.size > MOST_PARAMETERS) {
    throw badRequest(`The query has too many parameters: at most ${MOST_PARAMETERS} are accepted.`);
  }
  const values: Record<string, unknown> = {};
  const included = [...query].filter(([name]) => isInclude(name)).map(([, value]) => value);
  if (included.length > 0) values.include = included;
  // A map of pairs keeps the last of each name, and passes over them once.
  for (const [name, value] of new Map(query)) {
    if (envelope.has(name) || isInclude(name) || (cursors.has(name) && value === '')) continue;
    define(values, name, name === 'limit' ? numeric(value) : value);
  }
  return validate((schema ?? empty) as S, values);
}

const isInclude = (name: string): boolean => /^include(\[\d*\])?$/.test(name);

/** Also a name like `__proto__` becomes a plain property. */
function define(values: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(values, name, { value, enumerable: true, configurable: true, writable: true });
}

/** `limit` is the only number in any query; what is none stays a string and is refused as one. */
const numeric = (text: string): unknown => (/^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : text);

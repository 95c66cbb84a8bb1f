import { z } from 'zod';

import { validate } from '../api/validate.ts';

/** Parameters that say how the request came, not what it wants: the dialect reads them. */
const envelope = new Set(['api-version', 'beta']);
/** Without a value they are none, and the list begins: so the official clients write `after: null`. */
const cursors = new Set(['after', 'before']);
const empty = z.strictObject({});

/**
 * A URL's query as the schema has it. `include[]=a&include[]=b` makes a list; of other repeated names the
 * last counts.
 * @throws {ApiError} 400
 */
export function readQuery<S extends z.ZodObject>(schema: S | undefined, query: URLSearchParams): z.output<S> {
  const values: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    if (envelope.has(name)) continue;
    const plain = name.replace(/\[\d*\]$/, '');
    const last = query.getAll(name).at(-1);
    if (plain === 'include') values.include = query.getAll(name);
    else if (!cursors.has(name) || last !== '') define(values, name, name === 'limit' ? numeric(last) : last);
  }
  return validate((schema ?? empty) as S, values);
}

/** Also a name like `__proto__` becomes a plain property. */
function define(values: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(values, name, { value, enumerable: true, configurable: true, writable: true });
}

/** `limit` is the only number in any query; what is none stays a string and is refused as one. */
const numeric = (text: string | undefined): unknown =>
  text !== undefined && /^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : text;

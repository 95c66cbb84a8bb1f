import { z } from 'zod';

import { integer } from './fields.ts';

/** Cursor and size of a list request; `after` and `before` are ids. */
export interface PageQuery {
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly hasMore: boolean;
}

export interface ListEnvelope<T> {
  object: 'list';
  data: T[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

/** The API's list object. */
export function presentPage<R, T extends { id: string }>(
  page: Page<R>,
  present: (record: R) => T,
): ListEnvelope<T> {
  const data = page.data.map(present);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: page.hasMore,
  };
}

const order = z.enum(['asc', 'desc']).default('desc');
/** Ids of objects, made here or elsewhere. */
const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/)
  .optional();

export const DEFAULT_PAGE = 20;
export const LONGEST_PAGE = 100;

/** Query of a list; `limit` arrives as a number, see `http/query.ts`. */
export const listQuery = z.strictObject({
  limit: integer(1, LONGEST_PAGE).default(DEFAULT_PAGE),
  order,
  after: cursor,
  before: cursor,
});

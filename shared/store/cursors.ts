import { notFound, type ObjectKind } from '../api/error.ts';
import type { PageQuery } from '../api/page.ts';
import { isOwnId, sortKeyOf } from '../ids.ts';

/** A page request whose cursors are sort keys. */
export interface KeyedQuery extends Pick<PageQuery, 'limit' | 'order'> {
  readonly after: string | undefined;
  readonly before: string | undefined;
}

/**
 * The places that a list's cursors mark. An id of ours marks one even when its object was deleted while somebody
 * was paging; any other has to be found. To ignore a cursor would begin the list anew, for ever.
 * @param placeOf the sort key of an object that exists, for collections that hold ids made elsewhere
 * @throws {ApiError} 404
 */
export async function keyed(
  kind: ObjectKind,
  { limit, order, after, before }: PageQuery,
  placeOf: (id: string) => Promise<string | undefined> = async () => undefined,
): Promise<KeyedQuery> {
  async function keyOf(id: string | undefined, side: 'after' | 'before'): Promise<string | undefined> {
    if (id === undefined) return undefined;
    const key = (await placeOf(id)) ?? (isOwnId(kind, id) ? sortKeyOf(id) : undefined);
    if (key === undefined) throw notFound(kind, id, side);
    return key;
  }
  return { limit, order, after: await keyOf(after, 'after'), before: await keyOf(before, 'before') };
}

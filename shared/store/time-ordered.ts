import type { PageQuery } from '../api/page.ts';
import { ascendingKey, behind, descendingKey, endOf, justAfter, type ListKeys } from './keys.ts';
import type { DocumentTable, Row } from './table.ts';

/** A page request whose cursors are sort keys, optionally narrowed to keys between two others (exclusive). */
export interface ScanQuery extends Pick<PageQuery, 'limit' | 'order'> {
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  /** Only documents newer than this sort key. */
  readonly newerThan?: string | undefined;
  /** Only documents older than this sort key. */
  readonly olderThan?: string | undefined;
}

export interface RowPage<T> {
  readonly rows: readonly Row<T>[];
  readonly hasMore: boolean;
}

/**
 * One page of a time-ordered collection. With `before` alone it is the page that ends just before the
 * cursor, as the SDKs' backwards paging expects. Cost: one range read newest first, two oldest first.
 */
export async function scanPage<T>(
  table: DocumentTable,
  partition: string,
  keys: ListKeys,
  query: ScanQuery,
  matches?: (document: T) => boolean,
): Promise<RowPage<T>> {
  const backwards = query.before !== undefined && query.after === undefined;
  const newestFirst = (query.order === 'desc') !== backwards;
  let start = backwards ? query.before : query.after;
  const end = backwards ? undefined : query.before;
  const wanted = query.limit + 1;
  const found: Row<T>[] = [];
  for (;;) {
    const size = matches ? Math.max(wanted, 100) : wanted;
    const rows = await scan<T>(
      table,
      partition,
      keys,
      bounds(query, newestFirst, start, end),
      newestFirst,
      size,
    );
    found.push(...(matches ? rows.filter((row) => matches(row.document)) : rows));
    const last = rows.at(-1);
    if (!matches || found.length >= wanted || rows.length < size || !last) break;
    start = String(last.columns.sortKey);
  }
  const hasMore = found.length > query.limit;
  const rows = found.slice(0, query.limit);
  return { rows: backwards ? rows.reverse() : rows, hasMore };
}

type Bounds = readonly [start: string | undefined, end: string | undefined];

/** Narrows the scan's bounds by the query's window; sort keys compare as strings. */
function bounds(query: ScanQuery, newestFirst: boolean, start?: string, end?: string): Bounds {
  const [from, to] = newestFirst ? [query.olderThan, query.newerThan] : [query.newerThan, query.olderThan];
  const further = (a: string | undefined, b: string | undefined, later: boolean) =>
    a === undefined || b === undefined ? (a ?? b) : a > b === later ? a : b;
  return [further(start, from, !newestFirst), further(end, to, newestFirst)];
}

async function scan<T>(
  table: DocumentTable,
  partition: string,
  keys: ListKeys,
  [start, end]: Bounds,
  newestFirst: boolean,
  limit: number,
): Promise<Row<T>[]> {
  if (newestFirst) {
    const from = start === undefined ? keys.descending : justAfter(descendingKey(keys, start));
    const to = end === undefined ? endOf(keys.descending) : descendingKey(keys, end);
    return table.range<T>(partition, from, to, limit);
  }
  const from = start === undefined ? keys.ascending : justAfter(ascendingKey(keys, start));
  const to = end === undefined ? endOf(keys.ascending) : ascendingKey(keys, end);
  const pointers = (await table.keys(partition, from, to, limit)).map((key) => behind(keys.ascending, key));
  const oldest = pointers[0];
  const newest = pointers.at(-1);
  if (oldest === undefined || newest === undefined) return [];
  const rows = await table.range<T>(
    partition,
    descendingKey(keys, newest),
    justAfter(descendingKey(keys, oldest)),
    pointers.length,
  );
  return rows.reverse();
}

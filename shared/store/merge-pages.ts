import type { Page, PageQuery } from '../api/page.ts';

interface Placed {
  readonly sortKey: string;
}

/** One page of several lists, each of which has given its own page for the same query. */
export function mergePages<T extends Placed>(
  pages: readonly Page<T>[],
  query: Pick<PageQuery, 'limit' | 'order' | 'after' | 'before'>,
): { data: T[]; hasMore: boolean } {
  const sign = query.order === 'desc' ? -1 : 1;
  const all = pages
    .flatMap(({ data }) => data)
    .toSorted((a, b) => (a.sortKey === b.sortKey ? 0 : a.sortKey < b.sortKey ? -sign : sign));
  // The page that ends just before a cursor consists of what is nearest to it.
  const backwards = query.before !== undefined && query.after === undefined;
  const data = backwards ? all.slice(-query.limit) : all.slice(0, query.limit);
  return { data, hasMore: all.length > query.limit || pages.some(({ hasMore }) => hasMore) };
}

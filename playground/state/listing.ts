import { type Signal, signal } from '@preact/signals';

import { type Problem, problemOf } from '../api/problem.ts';

/** A list that the API gives out page by page. */
export interface Listing<T extends { readonly id: string }> {
  readonly items: Signal<readonly T[]>;
  readonly state: Signal<'unread' | 'reading' | 'read'>;
  readonly problem: Signal<Problem | undefined>;
  readonly hasMore: Signal<boolean>;
  /** From the beginning. */
  read(): Promise<void>;
  readMore(): Promise<void>;
  /** The new or changed one, at the top where it was not there. */
  put(item: T): void;
  drop(id: string): void;
}

interface Page<T> {
  readonly data: T[];
  readonly has_more: boolean;
}

/** @param fetch asks for the page after an id */
export function listing<T extends { readonly id: string }>(
  fetch: (after: string | undefined) => Promise<Page<T>>,
): Listing<T> {
  const items = signal<readonly T[]>([]);
  const state = signal<'unread' | 'reading' | 'read'>('unread');
  const problem = signal<Problem | undefined>(undefined);
  const hasMore = signal(false);
  const readAfter = async (after: string | undefined) => {
    state.value = 'reading';
    try {
      const page = await fetch(after);
      items.value = after === undefined ? page.data : [...items.value, ...page.data];
      hasMore.value = page.has_more;
      problem.value = undefined;
    } catch (error) {
      problem.value = problemOf(error);
    } finally {
      state.value = 'read';
    }
  };
  return {
    items,
    state,
    problem,
    hasMore,
    read: () => readAfter(undefined),
    readMore: () => readAfter(items.value.at(-1)?.id),
    put: (item) => {
      const index = items.value.findIndex(({ id }) => id === item.id);
      items.value = index < 0 ? [item, ...items.value] : items.value.with(index, item);
    },
    drop: (id) => {
      items.value = items.value.filter((item) => item.id !== id);
    },
  };
}

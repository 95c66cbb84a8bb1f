import { signal } from '@preact/signals';
import type OpenAI from 'openai';

import { api } from './connection.ts';
import { listing } from './listing.ts';

export type VectorStore = OpenAI.VectorStore;
export type StoreFile = OpenAI.VectorStores.VectorStoreFile;

const PAGE = 50;
const after = (id: string | undefined) => (id === undefined ? { limit: PAGE } : { limit: PAGE, after: id });

export const vectorStores = listing<VectorStore>((id) => api().client.vectorStores.list(after(id)));

/** The files of the store that is looked at. */
export const filesOf = (storeId: string) =>
  listing<StoreFile>((id) => api().client.vectorStores.files.list(storeId, after(id)));

export const isIndexing = ({ file_counts: counts }: VectorStore): boolean => counts.in_progress > 0;

/** What a search in a store found, as it is tried by hand. */
export interface Tried {
  readonly query: string;
  readonly results: readonly OpenAI.VectorStoreSearchResponse[];
}

export const tried = signal<ReadonlyMap<string, Tried>>(new Map());

/** @throws what the API refuses */
export async function trySearch(storeId: string, query: string): Promise<void> {
  const { data } = await api().client.vectorStores.search(storeId, { query, max_num_results: 10 });
  tried.value = new Map(tried.value).set(storeId, { query, results: data });
}

/** @throws what the API refuses */
export async function addFile(storeId: string, file: File): Promise<StoreFile> {
  const stored = await api().client.files.create({ file, purpose: 'assistants' });
  return api().client.vectorStores.files.create(storeId, { file_id: stored.id });
}

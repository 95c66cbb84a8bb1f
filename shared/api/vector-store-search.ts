import type OpenAI from 'openai';
import { z } from 'zod';

import { integer, number, text } from './fields.ts';
import type { Attributes } from './vector-store-file.ts';

const ATTRIBUTE_KEY_CHARACTERS = 64;
const QUERY_CHARACTERS = 16_384;
const QUERIES = 16;
/** Each is asked of every file of the store. */
const FILTERS = 100;

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const key = text(ATTRIBUTE_KEY_CHARACTERS);

const comparison = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['eq', 'ne', 'gt', 'gte', 'lt', 'lte']), key, value: scalar }),
  z.strictObject({ type: z.enum(['in', 'nin']), key, value: z.array(scalar) }),
]);

const compound = z.strictObject({
  type: z.enum(['and', 'or']),
  get filters() {
    return z.array(filter).max(FILTERS);
  },
});

/** Which files are searched, by their attributes. */
export const filter = z.discriminatedUnion('type', [comparison, compound]).meta({ id: 'FileFilter' });
export type FileFilter = z.output<typeof filter>;

export const searchVectorStore = z.strictObject({
  query: z.union([text(QUERY_CHARACTERS, 1), z.array(text(QUERY_CHARACTERS, 1)).min(1).max(QUERIES)]),
  /** Accepted; the query is searched as it is. */
  rewrite_query: z.boolean().optional(),
  max_num_results: integer(1, 50).default(10),
  filters: filter.optional(),
  ranking_options: z
    .strictObject({
      ranker: z.enum(['none', 'auto', 'default-2024-11-15']).optional(),
      score_threshold: number(0, 1).optional(),
    })
    .optional(),
});
export type SearchVectorStore = z.output<typeof searchVectorStore>;

/** A passage that was found. */
export interface FoundPassage {
  readonly fileId: string;
  readonly fileName: string;
  readonly attributes: Attributes | null;
  readonly score: number;
  readonly text: string;
}

/** All that was found stands on one page. */
export const presentSearch = (queries: readonly string[], hits: readonly FoundPassage[]) => ({
  object: 'vector_store.search_results.page' as const,
  search_query: queries,
  data: hits.map(
    (hit) =>
      ({
        file_id: hit.fileId,
        filename: hit.fileName,
        score: hit.score,
        attributes: hit.attributes ?? {},
        content: [{ type: 'text', text: hit.text }],
      }) satisfies OpenAI.VectorStoreSearchResponse,
  ),
  has_more: false,
  next_page: null,
});

/** The text that was taken out of a file. */
export const presentContent = (text: string) => ({
  object: 'vector_store.file_content.page' as const,
  data: text === '' ? [] : [{ type: 'text', text } satisfies OpenAI.VectorStores.FileContentResponse],
  has_more: false,
  next_page: null,
});

import type OpenAI from 'openai';
import { z } from 'zod';

import { metadata, time, timeOrNull } from './answers.ts';
import { storeExpiresAfter } from './vector-store.ts';
import { attributes } from './vector-store-file.ts';

/** What the operations of vector stores answer, for the OpenAPI document alone; see `answers.ts`. */
const counts = z.object({
  in_progress: z.int(),
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  total: z.int(),
});

export const vectorStoreObject = z
  .object({
    id: z.string(),
    object: z.literal('vector_store'),
    created_at: time,
    name: z.string(),
    usage_bytes: z.int(),
    file_counts: counts,
    status: z.enum(['expired', 'in_progress', 'completed']),
    expires_after: storeExpiresAfter.exactOptional(),
    expires_at: timeOrNull,
    last_active_at: timeOrNull,
    metadata,
  })
  .meta({ id: 'VectorStoreObject' }) satisfies z.ZodType<OpenAI.VectorStore>;

export const vectorStoreFileObject = z
  .object({
    id: z.string(),
    object: z.literal('vector_store.file'),
    usage_bytes: z.int(),
    created_at: time,
    vector_store_id: z.string(),
    status: z.enum(['in_progress', 'completed', 'cancelled', 'failed']),
    last_error: z
      .object({
        code: z.enum(['server_error', 'unsupported_file', 'invalid_file']),
        message: z.string(),
      })
      .nullable(),
    chunking_strategy: z.object({
      type: z.literal('static'),
      static: z.object({ max_chunk_size_tokens: z.int(), chunk_overlap_tokens: z.int() }),
    }),
    attributes: attributes(),
  })
  .meta({ id: 'VectorStoreFileObject' }) satisfies z.ZodType<OpenAI.VectorStores.VectorStoreFile>;

export const fileBatchObject = z
  .object({
    id: z.string(),
    object: z.literal('vector_store.files_batch'),
    created_at: time,
    vector_store_id: z.string(),
    status: z.enum(['in_progress', 'completed', 'cancelled', 'failed']),
    file_counts: counts,
  })
  .meta({ id: 'VectorStoreFileBatchObject' }) satisfies z.ZodType<OpenAI.VectorStores.VectorStoreFileBatch>;

const textPart = z.object({ type: z.literal('text'), text: z.string() });

export const searchResultsPage = z
  .object({
    object: z.literal('vector_store.search_results.page'),
    search_query: z.array(z.string()),
    data: z.array(
      z.object({
        file_id: z.string(),
        filename: z.string(),
        score: z.number(),
        attributes: attributes(),
        content: z.array(textPart),
      }) satisfies z.ZodType<OpenAI.VectorStoreSearchResponse>,
    ),
    has_more: z.boolean(),
    next_page: z.string().nullable(),
  })
  .meta({ id: 'VectorStoreSearchResultsPage' });

export const fileContentPage = z
  .object({
    object: z.literal('vector_store.file_content.page'),
    data: z.array(textPart),
    has_more: z.boolean(),
    next_page: z.string().nullable(),
  })
  .meta({ id: 'VectorStoreFileContentResponse' });

import { z } from 'zod';

import { id, metadata, time } from './values.ts';

const count = z.int().min(0);
const counts = z
  .strictObject({ in_progress: count, completed: count, failed: count, cancelled: count, total: count })
  .refine((all) => all.total === all.in_progress + all.completed + all.failed + all.cancelled);

/** Status and counts must agree. */
export const vectorStore = z
  .strictObject({
    id,
    object: z.literal('vector_store'),
    created_at: time,
    name: z.string(),
    usage_bytes: count,
    file_counts: counts,
    status: z.enum(['expired', 'in_progress', 'completed']),
    expires_after: z
      .strictObject({ anchor: z.literal('last_active_at'), days: z.int().min(1).max(365) })
      .exactOptional(),
    expires_at: time.nullable(),
    last_active_at: time.nullable(),
    metadata,
  })
  .refine(
    ({ status, file_counts: of }) =>
      status === 'expired' || (status === 'in_progress') === of.in_progress > 0,
  )
  .refine((store) => (store.expires_after === undefined) === (store.expires_at === null));

const attributes = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable();

export const vectorStoreFile = z
  .strictObject({
    id,
    object: z.literal('vector_store.file'),
    usage_bytes: count,
    created_at: time,
    vector_store_id: id,
    status: z.enum(['in_progress', 'completed', 'cancelled', 'failed']),
    last_error: z
      .strictObject({
        code: z.enum(['server_error', 'unsupported_file', 'invalid_file']),
        message: z.string().min(10),
      })
      .nullable(),
    chunking_strategy: z.strictObject({
      type: z.literal('static'),
      static: z.strictObject({
        max_chunk_size_tokens: z.int().min(100).max(4096),
        chunk_overlap_tokens: z.int().min(0),
      }),
    }),
    attributes,
  })
  .refine((file) => (file.status === 'failed') === (file.last_error !== null))
  .refine((file) => file.status === 'completed' || file.usage_bytes === 0);

export const fileBatch = z
  .strictObject({
    id,
    object: z.literal('vector_store.files_batch'),
    created_at: time,
    vector_store_id: id,
    status: z.enum(['in_progress', 'completed', 'cancelled', 'failed']),
    file_counts: counts,
  })
  .refine(({ status, file_counts: of }) => (status === 'in_progress') === of.in_progress > 0);

const textPart = z.strictObject({ type: z.literal('text'), text: z.string().min(1) });
const page = { has_more: z.boolean(), next_page: z.string().nullable() };

export const searchResults = z.strictObject({
  object: z.literal('vector_store.search_results.page'),
  search_query: z.array(z.string().min(1)).min(1),
  data: z.array(
    z.strictObject({
      file_id: id,
      filename: z.string(),
      score: z.number().min(0).max(1),
      attributes,
      content: z.array(textPart),
    }),
  ),
  ...page,
});

export const fileContent = z.strictObject({
  object: z.literal('vector_store.file_content.page'),
  data: z.array(textPart),
  ...page,
});

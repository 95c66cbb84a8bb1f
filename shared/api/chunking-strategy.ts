import type OpenAI from 'openai';
import { z } from 'zod';

import { integer } from './fields.ts';

/** How a file is divided into the passages that are found. */
export type ChunkingStrategy = OpenAI.VectorStores.StaticFileChunkingStrategyObject;

const SMALLEST_CHUNK_TOKENS = 100;
const LARGEST_CHUNK_TOKENS = 4096;

export const chunkingStrategy = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('auto') }),
  z.strictObject({
    type: z.literal('static'),
    static: z
      .strictObject({
        max_chunk_size_tokens: integer(SMALLEST_CHUNK_TOKENS, LARGEST_CHUNK_TOKENS),
        chunk_overlap_tokens: integer(0, LARGEST_CHUNK_TOKENS),
      })
      .check((context) => {
        const { max_chunk_size_tokens: size, chunk_overlap_tokens: overlap } = context.value;
        if (overlap * 2 <= size) return;
        context.issues.push({
          code: 'custom',
          message: `Invalid 'chunk_overlap_tokens': the overlap (${overlap}) must not exceed half of 'max_chunk_size_tokens' (${size}).`,
          path: ['chunk_overlap_tokens'],
          input: overlap,
        });
      }),
  }),
]);
export type ChunkingRequest = z.output<typeof chunkingStrategy>;

/** What `auto` stands for: answers name the sizes, as the hosted API did. */
const automatic: ChunkingStrategy = {
  type: 'static',
  static: { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 },
};

export const chunkingOf = (request: ChunkingRequest | null | undefined): ChunkingStrategy =>
  request?.type === 'static' ? { type: 'static', static: request.static } : automatic;

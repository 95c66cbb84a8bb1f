import type OpenAI from 'openai';
import { z } from 'zod';

import { unixSeconds } from '../clock.ts';
import { newId } from '../ids.ts';
import { type ChunkingStrategy, chunkingOf, chunkingStrategy } from './chunking-strategy.ts';
import { badRequest } from './error.ts';
import { id } from './fields.ts';
import { countsOf, type Tally } from './vector-store.ts';
import { type Attributes, attributes, createStoreFile } from './vector-store-file.ts';

export type FileBatch = OpenAI.VectorStores.VectorStoreFileBatch;

/** A file of a batch, or of a store as it was made, that is on its way into the store. */
export interface PlannedFile {
  readonly fileId: string;
  readonly attributes: Attributes | null;
  readonly chunking: ChunkingStrategy;
}

/** A batch, and which files it brings. */
export interface FileBatchRecord {
  readonly project: string;
  readonly id: string;
  readonly storeId: string;
  readonly createdAt: number;
  readonly files: readonly PlannedFile[];
}

/** What changes of a batch while its files come into the store. */
export interface FileBatchState {
  /** Files, in their order, that the store has rows of. */
  readonly spread: number;
  readonly cancelled: boolean;
}

/** Files that one request may bring. */
export const FILES_PER_BATCH = 2000;

export const createFileBatch = z.strictObject({
  file_ids: z.array(id()).min(1).max(FILES_PER_BATCH).optional(),
  files: z.array(createStoreFile).min(1).max(FILES_PER_BATCH).optional(),
  attributes: attributes().optional(),
  chunking_strategy: chunkingStrategy.optional(),
});
export type CreateFileBatch = z.output<typeof createFileBatch>;

/**
 * The files of a batch, each once: what is said of a file last counts. `attributes` and `chunking_strategy` of the
 * batch are for `file_ids` alone, as the API has it.
 * @throws {ApiError} 400 unless one of the two ways to name files is taken
 */
export function plannedFiles(request: CreateFileBatch): PlannedFile[] {
  if (!request.files && !request.file_ids) {
    throw badRequest(
      "One of 'file_ids' and 'files' must be given.",
      'file_ids',
      'missing_required_parameter',
    );
  }
  if (request.files && request.file_ids) {
    throw badRequest("Only one of 'file_ids' and 'files' can be given.", 'files', 'invalid_value');
  }
  const named = request.files ?? (request.file_ids ?? []).map((id) => ({ ...request, file_id: id }));
  const planned = named.map(
    ({ file_id, attributes: own, chunking_strategy }): PlannedFile => ({
      fileId: file_id,
      attributes: own ?? null,
      chunking: chunkingOf(chunking_strategy),
    }),
  );
  return [...new Map(planned.map((file) => [file.fileId, file])).values()];
}

/** `now` in Unix milliseconds. */
export const newFileBatch = (
  files: readonly PlannedFile[],
  { project, storeId, now }: { project: string; storeId: string; now: number },
): FileBatchRecord => ({
  project,
  id: newId('fileBatch', now),
  storeId,
  createdAt: unixSeconds(now),
  files,
});

export function presentFileBatch(
  { id, storeId, createdAt }: FileBatchRecord,
  { tally, cancelled }: { tally: Tally; cancelled: boolean },
): FileBatch {
  const live = tally.in_progress > 0;
  return {
    id,
    object: 'vector_store.files_batch',
    created_at: createdAt,
    vector_store_id: storeId,
    status: live ? 'in_progress' : cancelled ? 'cancelled' : 'completed',
    file_counts: countsOf(tally),
  };
}

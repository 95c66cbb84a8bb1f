import type OpenAI from 'openai';
import { z } from 'zod';
import { unixSeconds } from '../clock.ts';
import { newSortKey } from '../ids.ts';
import { type ChunkingStrategy, chunkingStrategy } from './chunking-strategy.ts';
import { isLongerThan } from './code-points.ts';
import { id, text } from './fields.ts';
import { onlyFields } from './known-fields.ts';
import { listQuery } from './page.ts';
import type { QueueReceipt } from './run.ts';
import type { FileStatus } from './vector-store.ts';

export type VectorStoreFile = OpenAI.VectorStores.VectorStoreFile;
export type Attributes = Readonly<Record<string, string | number | boolean>>;
export type IndexingError = NonNullable<VectorStoreFile['last_error']>;

/** A file in a vector store: what the API shows, and how far its indexing is. */
export interface StoreFileRecord {
  readonly project: string;
  /** Place in the store's lists: when the file was added. */
  readonly sortKey: string;
  readonly object: VectorStoreFile;
  readonly fileName: string;
  readonly fileBytes: number;
  /** The batch that added it last. */
  readonly batchId: string | null;
  readonly work: IndexingWork;
  /**
   * The file was taken out of the store. The row stays: whoever pages through the store while deleting needs its
   * place, and a file that is added again needs a later attempt.
   */
  readonly removed?: true;
}

export interface IndexingWork {
  /** Tells what one addition puts into the index from what another does; greater with every one. */
  readonly attempt: number;
  /** Goes up with every change of the attributes. */
  readonly revision: number;
  readonly leaseOwner: string;
  /** Unix milliseconds. */
  readonly leaseUntil: number;
  /** How often a worker has, or may have, taken it up without anything being saved. */
  readonly tries: number;
  /** The waiting message that looks after it. */
  readonly watchdog: QueueReceipt | null;
  /** No store of the project has held the file before, so that there can be no text of it. */
  readonly isFirst: boolean;
}

const ATTRIBUTES = 16;
const ATTRIBUTE_KEY_CHARACTERS = 64;
const ATTRIBUTE_CHARACTERS = 512;

/** Up to 16 pairs that searches can be narrowed by; null means none. */
export const attributes = () =>
  z
    .record(z.string(), z.union([text(ATTRIBUTE_CHARACTERS), z.number(), z.boolean()]))
    .check((context) => {
      const keys = Object.keys(context.value);
      const refuse = (origin: 'object' | 'key', maximum: number, input: unknown) =>
        context.issues.push({ code: 'too_big', origin, maximum, inclusive: true, input });
      if (keys.length > ATTRIBUTES) refuse('object', ATTRIBUTES, context.value);
      const long = keys.find((key) => isLongerThan(key, ATTRIBUTE_KEY_CHARACTERS));
      if (long !== undefined) refuse('key', ATTRIBUTE_KEY_CHARACTERS, long);
    })
    .nullable()
    .meta({ maxProperties: ATTRIBUTES });

export const createStoreFile = z.strictObject({
  file_id: id(),
  attributes: attributes().optional(),
  chunking_strategy: chunkingStrategy.optional(),
});
export type CreateStoreFile = z.output<typeof createStoreFile>;

export const updateStoreFile = z.strictObject({ attributes: attributes() });

const fileStatuses = ['in_progress', 'completed', 'failed', 'cancelled'] as const satisfies FileStatus[];

export const listStoreFilesQuery = listQuery.extend({ filter: z.enum(fileStatuses).optional() });

/** A file to be added to a store. */
export interface NewStoreFile {
  readonly project: string;
  readonly storeId: string;
  readonly fileId: string;
  readonly fileName: string;
  readonly fileBytes: number;
  readonly attributes: Attributes | null;
  readonly chunking: ChunkingStrategy;
  readonly batchId: string | null;
  readonly isFirst: boolean;
}

/** Whoever takes the message that starts a new file's indexing holds its first lease without a write. */
export const FIRST_OWNER = 'start';

/**
 * A file as it is added, or added again in the place of `before`.
 * @param now Unix milliseconds
 * @param leaseUntil until when whoever takes its first message may work on it, in Unix milliseconds
 */
export function newStoreFile(
  file: NewStoreFile,
  before: StoreFileRecord | undefined,
  { now, leaseUntil, watchdog }: { now: number; leaseUntil: number; watchdog: QueueReceipt | null },
): StoreFileRecord {
  return {
    project: file.project,
    sortKey: newSortKey(now),
    object: {
      id: file.fileId,
      object: 'vector_store.file',
      usage_bytes: 0,
      created_at: unixSeconds(now),
      vector_store_id: file.storeId,
      status: 'in_progress',
      last_error: null,
      chunking_strategy: file.chunking,
      attributes: file.attributes ?? {},
    },
    fileName: file.fileName,
    fileBytes: file.fileBytes,
    batchId: file.batchId,
    work: {
      attempt: (before?.work.attempt ?? 0) + 1,
      revision: (before?.work.revision ?? -1) + 1,
      leaseOwner: FIRST_OWNER,
      leaseUntil,
      // The first lease is a try, whether or not anybody makes use of it.
      tries: 1,
      watchdog,
      isFirst: file.isFirst,
    },
  };
}

const shown = onlyFields<VectorStoreFile>({
  id: true,
  object: true,
  created_at: true,
  usage_bytes: true,
  vector_store_id: true,
  status: true,
  last_error: true,
  chunking_strategy: true,
  attributes: true,
});

export const presentStoreFile = ({ object }: Pick<StoreFileRecord, 'object'>): VectorStoreFile =>
  shown(object);

import type OpenAI from 'openai';
import { z } from 'zod';

import { DAY, SECOND, unixSeconds } from '../clock.ts';
import { newId, sortKeyOf } from '../ids.ts';
import { chunkingStrategy } from './chunking-strategy.ts';
import { changedMetadata, id, integer, metadata, text } from './fields.ts';

export type VectorStore = OpenAI.VectorStore;
export type FileStatus = OpenAI.VectorStores.VectorStoreFile['status'];
export type ExpiresAfter = NonNullable<VectorStore['expires_after']>;

/** What turned a store's texts into vectors; see `search/embed/embedder.ts`, whose type this is. */
export interface PinnedEmbedder {
  readonly provider: 'openai' | 'lexical';
  readonly model: string;
  readonly dimensions: number;
}

/** A vector store as stored; what changes with its use stands beside it, in {@link StoreState}. */
export interface VectorStoreRecord {
  readonly project: string;
  readonly sortKey: string;
  readonly object: Pick<VectorStore, 'id' | 'created_at' | 'name' | 'metadata'>;
  readonly description: string | null;
  readonly expiresAfter: ExpiresAfter | null;
  /** The thread that it was made for, and with which it goes. */
  readonly threadId: string | null;
  /** Chosen when the first file is indexed; never another one afterwards. */
  readonly embedder: PinnedEmbedder | null;
}

export interface StoreState {
  /** Unix seconds. */
  readonly lastActiveAt: number;
  /** Set once the store's text and vectors are dropped, or about to be. */
  readonly expired: boolean;
}

/** Files by their state, and the bytes that those indexed take. */
export interface Tally extends Readonly<Record<FileStatus, number>> {
  readonly bytes: number;
}

export const emptyTally: Tally = { in_progress: 0, completed: 0, failed: 0, cancelled: 0, bytes: 0 };

const LONGEST_LIFE_DAYS = 365;

export const storeExpiresAfter = z.strictObject({
  anchor: z.literal('last_active_at'),
  days: integer(1, LONGEST_LIFE_DAYS),
});

/** Files that can be given to a store as it is made. */
const FILES_AT_CREATION = 500;

export const createVectorStore = z.strictObject({
  file_ids: z.array(id()).max(FILES_AT_CREATION).optional(),
  name: text(256).optional(),
  description: text(512).optional(),
  expires_after: storeExpiresAfter.optional(),
  chunking_strategy: chunkingStrategy.optional(),
  metadata: metadata(),
});
export type CreateVectorStore = z.output<typeof createVectorStore>;

export const modifyVectorStore = z.strictObject({
  name: text(256).nullable().optional(),
  expires_after: storeExpiresAfter.nullable().optional(),
  metadata: metadata(),
});
export type ModifyVectorStore = z.output<typeof modifyVectorStore>;

/** How long a store lives that was made for a thread, since it was last used. */
const THREAD_STORE_LIFE: ExpiresAfter = { anchor: 'last_active_at', days: 7 };

/** A new store; `now` in Unix milliseconds. */
export function newVectorStore(request: CreateVectorStore, project: string, now: number): VectorStoreRecord {
  const id = newId('vectorStore', now);
  return {
    project,
    sortKey: sortKeyOf(id) ?? '',
    object: {
      id,
      created_at: unixSeconds(now),
      name: request.name ?? '',
      metadata: request.metadata ?? {},
    },
    description: request.description ?? null,
    expiresAfter: request.expires_after ?? null,
    threadId: null,
    embedder: null,
  };
}

/** The store as one that is made for a thread: it goes with it, or when it was not used for a week. */
export const forThread = (record: VectorStoreRecord, threadId: string): VectorStoreRecord => ({
  ...record,
  threadId,
  expiresAfter: record.expiresAfter ?? THREAD_STORE_LIFE,
});

/** Replaces only the fields that were sent. */
export function changeVectorStore(record: VectorStoreRecord, change: ModifyVectorStore): VectorStoreRecord {
  const { object } = record;
  return {
    ...record,
    object: {
      ...object,
      name: change.name === undefined ? object.name : (change.name ?? ''),
      metadata: changedMetadata(object.metadata, change.metadata),
    },
    expiresAfter: change.expires_after === undefined ? record.expiresAfter : change.expires_after,
  };
}

/** When the store expires unless it is used before, in Unix seconds; null: never. */
export const expiryOf = (
  { expiresAfter }: Pick<VectorStoreRecord, 'expiresAfter'>,
  lastActiveAt: number,
): number | null => (expiresAfter ? lastActiveAt + (expiresAfter.days * DAY) / SECOND : null);

/** `now` in Unix milliseconds. A store whose time is up has expired, without anybody writing that down. */
export function hasStoreExpired(record: VectorStoreRecord, state: StoreState, now: number): boolean {
  const expiry = expiryOf(record, state.lastActiveAt);
  return state.expired || (expiry !== null && unixSeconds(now) >= expiry);
}

export function presentVectorStore(
  record: VectorStoreRecord,
  { state, tally, now }: { state: StoreState; tally: Tally; now: number },
): VectorStore {
  const expired = hasStoreExpired(record, state, now);
  return {
    ...record.object,
    object: 'vector_store',
    status: expired ? 'expired' : tally.in_progress > 0 ? 'in_progress' : 'completed',
    usage_bytes: expired ? 0 : tally.bytes,
    file_counts: countsOf(tally),
    ...(record.expiresAfter ? { expires_after: record.expiresAfter } : {}),
    expires_at: expiryOf(record, state.lastActiveAt),
    last_active_at: state.lastActiveAt,
  };
}

export const countsOf = ({ in_progress, completed, failed, cancelled }: Tally) => ({
  in_progress,
  completed,
  failed,
  cancelled,
  total: in_progress + completed + failed + cancelled,
});

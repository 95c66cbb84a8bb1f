import type { MessageRecord } from '../api/message.ts';
import type { Page, PageQuery } from '../api/page.ts';
import type { RunRecord } from '../api/run.ts';
import type { ThreadState } from '../api/thread.ts';
import { sortKeyOf } from '../ids.ts';
import { keyed } from './cursors.ts';
import { ascendingKey, descendingKey, documentKey, runKeys, threadRow } from './keys.ts';
import { messageChanges } from './message-rows.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { type Change, type DocumentTable, type Row, replacement, type Version } from './table.ts';
import { threadChange } from './thread-files.ts';
import type { ThreadDocument } from './threads.ts';
import { scanPage } from './time-ordered.ts';

export type RunRow = Row<RunRecord>;

/** A write under it conflicts, and reads the row. */
const unknownVersion: Version = { etag: '' };

/** What there is to do with runs, as others may put something around it. */
export type Runs = Pick<RunStore, keyof RunStore>;

/** Runs of threads, in the thread's partition: every change is conditional on the version that was read. */
export class RunStore {
  readonly #table: DocumentTable;

  constructor(threads: DocumentTable) {
    this.#table = threads;
  }

  async get(project: string, threadId: string, id: string): Promise<RunRecord | undefined> {
    return (await this.row(project, threadId, id))?.document;
  }

  /** The row itself, for changes under its ETag. */
  async row(project: string, threadId: string, id: string): Promise<RunRow | undefined> {
    const row = await this.rowOfAny(threadId, id);
    return row?.document.project === project ? row : undefined;
  }

  /** A run of whatever project: for messages of our own queue, which name none. Never for what a caller names. */
  async rowOfAny(threadId: string, id: string): Promise<RunRow | undefined> {
    const key = documentKey(runKeys, id);
    const row = key && (await this.#table.get<RunRecord>(threadId, key));
    return row && row.document.object.id === id ? row : undefined;
  }

  /**
   * The caller has made sure that the thread exists and belongs to the project.
   * @throws {ApiError} 404 for an unknown cursor
   */
  async list(threadId: string, query: PageQuery): Promise<Page<RunRecord>> {
    const page = await scanPage<RunRecord>(this.#table, threadId, runKeys, await keyed('run', query));
    return { data: page.rows.map((row) => row.document), hasMore: page.hasMore };
  }

  async updateMetadata(
    project: string,
    threadId: string,
    id: string,
    change: (record: RunRecord) => RunRecord,
  ): Promise<RunRecord | undefined> {
    return retryConflicts(async () => {
      const row = await this.row(project, threadId, id);
      if (!row) return undefined;
      return (await this.save(row, change(row.document))).document;
    });
  }

  /**
   * The run, its additional messages with the files that they bring, and the thread's lock, in one transaction
   * on the thread's ETag.
   * @throws {Conflict} when the thread changed since it was read
   */
  async begin(
    thread: Row<ThreadDocument>,
    record: RunRecord,
    messages: readonly MessageRecord[],
    storeId?: string,
  ): Promise<RunRow> {
    const { key, partition, columns, changes } = this.#insertion(record);
    const lock = {
      activeRunId: record.object.id,
      lastMessageKey: record.work.lastMessageKey,
      messageCount: record.work.messageCount,
    };
    const versions = await this.#table.commit(partition, [
      ...changes,
      ...messages.flatMap(messageChanges),
      threadChange(thread, messages, lock, storeId),
    ]);
    return { partition, key, document: record, columns, ...(versions.get(key) ?? unknownVersion) };
  }

  /** Replaces the run under its ETag together with other rows of its thread. @throws {Conflict} */
  async save(row: RunRow, record: RunRecord, changes: readonly Change[] = []): Promise<RunRow> {
    const { partition, key, columns } = row;
    const versions = await this.#table.commit(partition, [replacement(row, record), ...changes]);
    return { partition, key, columns, document: record, ...(versions.get(key) ?? unknownVersion) };
  }

  /**
   * {@link save}, and the thread's unlocking. The lock needs no ETag of its own: the run's ETag lets exactly
   * one writer take the run from live to ended, and until then nobody else may change the lock.
   */
  async finish(
    row: RunRow,
    record: RunRecord,
    changes: readonly Change[],
    state: Partial<ThreadState>,
  ): Promise<RunRow> {
    const unlock: Change = {
      type: 'merge',
      key: threadRow,
      etag: '*',
      columns: { ...state, activeRunId: '' },
    };
    return this.save(row, record, [...changes, unlock]);
  }

  #insertion(record: RunRecord) {
    const sortKey = sortKeyOf(record.object.id) ?? '';
    const partition = record.object.thread_id;
    const key = descendingKey(runKeys, sortKey);
    const columns = { sortKey };
    const changes: Change[] = [
      { type: 'insert', key, document: record, columns },
      { type: 'insert', key: ascendingKey(runKeys, sortKey) },
    ];
    return { key, partition, columns, changes };
  }
}

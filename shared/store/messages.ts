import type { MessageRecord } from '../api/message.ts';
import type { Page, PageQuery } from '../api/page.ts';
import type { Clock } from '../clock.ts';
import { isOwnId, newId, sortKeyOf } from '../ids.ts';
import { keyed } from './cursors.ts';
import {
  ascendingKey,
  behind,
  documentKey,
  endOf,
  justAfter,
  messageKeys,
  runKeys,
  threadRow,
} from './keys.ts';
import { messageChanges } from './message-rows.ts';
import { retryConflicts, type Turns } from './retry-conflicts.ts';
import { type DocumentTable, type Row, replacement } from './table.ts';
import { threadChange } from './thread-files.ts';
import { type ThreadDocument, threadState } from './threads.ts';
import { scanPage } from './time-ordered.ts';

/** Messages a thread may hold. */
export const MAX_MESSAGES = 100_000;

export type AppendOutcome =
  | { readonly outcome: 'appended'; readonly record: MessageRecord }
  | { readonly outcome: 'no-thread' }
  | { readonly outcome: 'locked'; readonly runId: string }
  | { readonly outcome: 'full' };

/** Messages of threads, in the thread's partition. */
export class MessageStore {
  readonly #table: DocumentTable;
  readonly #clock: Clock;
  readonly #turns: Turns;

  /** @param turns of those who change a thread's row, by the thread's id */
  constructor(threads: DocumentTable, clock: Clock, turns: Turns) {
    this.#table = threads;
    this.#clock = clock;
    this.#turns = turns;
  }

  /**
   * Adds a message under the thread's lock: the check that no run is active and the insertion are one
   * transaction on the thread row's ETag, which also makes files that it brings the thread's.
   * @param make builds the record for the id it is given
   * @param storeId the vector store that its files went into, which becomes the thread's
   */
  async append(
    project: string,
    threadId: string,
    make: (id: string) => MessageRecord,
    storeId?: string,
  ): Promise<AppendOutcome> {
    return this.#turns.take(threadId, async (): Promise<AppendOutcome> => {
      const thread = await this.#table.get<ThreadDocument>(threadId, threadRow);
      if (!thread || thread.document.project !== project) return { outcome: 'no-thread' };
      const state = threadState(thread);
      if (state.activeRunId) return { outcome: 'locked', runId: state.activeRunId };
      if (state.messageCount >= MAX_MESSAGES) return { outcome: 'full' };
      const record = make(newId('message', this.#clock.now(), state.lastMessageKey));
      await this.#table.commit(threadId, [
        ...messageChanges(record),
        threadChange(
          thread,
          [record],
          {
            lastMessageKey: sortKeyOf(record.object.id) ?? '',
            messageCount: state.messageCount + 1,
          },
          storeId,
        ),
      ]);
      return { outcome: 'appended', record };
    });
  }

  async get(project: string, threadId: string, id: string): Promise<MessageRecord | undefined> {
    return (await this.#row(project, threadId, id))?.document;
  }

  async update(
    project: string,
    threadId: string,
    id: string,
    change: (record: MessageRecord) => MessageRecord,
  ): Promise<MessageRecord | undefined> {
    return retryConflicts(async () => {
      const row = await this.#row(project, threadId, id);
      if (!row) return undefined;
      const document = change(row.document);
      await this.#table.commit(threadId, [replacement(row, document)]);
      return document;
    });
  }

  async remove(project: string, threadId: string, id: string): Promise<boolean> {
    return retryConflicts(async () => {
      const row = await this.#row(project, threadId, id);
      if (!row) return false;
      await this.#table.commit(threadId, [
        { type: 'delete', key: row.key },
        { type: 'delete', key: ascendingKey(messageKeys, sortKeyOf(id) ?? '') },
      ]);
      if (row.spill) await this.#table.clearSpills(threadId, [row.key]);
      return true;
    });
  }

  /**
   * The caller has made sure that the thread exists and belongs to the project.
   * @throws {ApiError} 404 for an unknown cursor
   */
  async list(
    threadId: string,
    query: PageQuery,
    filter: { runId?: string | undefined } = {},
  ): Promise<Page<MessageRecord>> {
    const { runId } = filter;
    const cursors = await keyed('message', query);
    // A run that cannot exist has no messages: nothing is searched for them.
    if (runId !== undefined && !isOwnId('run', runId)) return { data: [], hasMore: false };
    const page = await scanPage<MessageRecord>(
      this.#table,
      threadId,
      messageKeys,
      { ...cursors, ...(runId === undefined ? {} : await this.#windowOfRun(threadId, runId)) },
      runId === undefined ? undefined : (record) => record.object.run_id === runId,
    );
    return { data: page.rows.map((row) => row.document), hasMore: page.hasMore };
  }

  /** While a run is live nobody else adds messages: its own lie between its key and the next run's. */
  async #windowOfRun(threadId: string, runId: string): Promise<{ newerThan?: string; olderThan?: string }> {
    const newerThan = sortKeyOf(runId);
    if (!newerThan) return {};
    const next = await this.#table.keys(
      threadId,
      justAfter(ascendingKey(runKeys, newerThan)),
      endOf(runKeys.ascending),
      1,
    );
    const olderThan = next[0] && behind(runKeys.ascending, next[0]);
    return olderThan === undefined ? { newerThan } : { newerThan, olderThan };
  }

  async #row(project: string, threadId: string, id: string): Promise<Row<MessageRecord> | undefined> {
    const key = documentKey(messageKeys, id);
    const row = key && (await this.#table.get<MessageRecord>(threadId, key));
    // The key holds only the time-ordered part: the whole id must agree.
    return row && row.document.project === project && row.document.object.id === id ? row : undefined;
  }
}

import type { MessageRecord } from '../api/message.ts';
import type { Page, PageQuery } from '../api/page.ts';
import type { Thread, ThreadRecord, ThreadState } from '../api/thread.ts';
import { isPlausibleId, newSortKey, sortKeyOf } from '../ids.ts';
import { keyed } from './cursors.ts';
import { ascendingKey, descendingKey, everyRow, everyRunRow, projectKeys, threadRow } from './keys.ts';
import { messageChanges } from './message-rows.ts';
import type { Turns } from './retry-conflicts.ts';
import {
  type Change,
  Conflict,
  type DocumentTable,
  MAX_TRANSACTION_ROWS,
  type Row,
  replacement,
} from './table.ts';
import { withAttachments } from './thread-files.ts';
import { scanPage } from './time-ordered.ts';

/** The thread row's document; the lock stands in columns, so that it changes without rewriting the object. */
export interface ThreadDocument {
  readonly project: string;
  readonly object: Thread;
  /** Those of the code interpreter's files that came with messages, oldest first. */
  readonly attached?: readonly string[];
  /** Place in the project's list of threads. */
  readonly listKey: string;
}

/** Threads: the row that locks its partition, and the project's list of them. */
export class ThreadStore {
  readonly #threads: DocumentTable;
  readonly #list: DocumentTable;
  readonly #turns: Turns;

  /** @param turns of those who change a thread's row, by the thread's id */
  constructor(threads: DocumentTable, list: DocumentTable, turns: Turns) {
    this.#threads = threads;
    this.#list = list;
    this.#turns = turns;
  }

  /**
   * The list entry first, the thread row last: until that row exists there is no thread, and a list entry
   * without one is passed over. Files that the messages bring become the thread's.
   */
  async create(project: string, object: Thread, messages: readonly MessageRecord[]): Promise<ThreadRecord> {
    const listKey = sortKeyOf(object.id) ?? newSortKey(object.created_at * 1000);
    const entry = { id: object.id };
    await this.#list.commit(project, [
      {
        type: 'upsert',
        key: descendingKey(projectKeys, listKey),
        document: entry,
        columns: { sortKey: listKey },
      },
      { type: 'upsert', key: ascendingKey(projectKeys, listKey), document: null },
    ]);
    const state: ThreadState = {
      activeRunId: '',
      lastMessageKey: sortKeyOf(messages.at(-1)?.object.id ?? '') ?? '',
      messageCount: messages.length,
      hasToolSteps: false,
    };
    const document = withAttachments({ project, object, listKey }, messages);
    const changes: Change[] = messages.flatMap(messageChanges);
    const last: Change = { type: 'insert', key: threadRow, document, columns: { ...state } };
    while (changes.length >= MAX_TRANSACTION_ROWS) {
      await this.#threads.commit(object.id, changes.splice(0, MAX_TRANSACTION_ROWS));
    }
    await this.#threads.commit(object.id, [...changes, last]);
    return { project, object: document.object, state };
  }

  async get(project: string, id: string): Promise<ThreadRecord | undefined> {
    const row = await this.row(project, id);
    return row && toRecord(row);
  }

  /** The row itself, for transactions that change the lock under its ETag. */
  async row(project: string, id: string): Promise<Row<ThreadDocument> | undefined> {
    if (!isPlausibleId(id)) return undefined;
    const row = await this.#threads.get<ThreadDocument>(id, threadRow);
    return row && row.document.project === project ? row : undefined;
  }

  async update(
    project: string,
    id: string,
    change: (object: Thread) => Thread,
  ): Promise<ThreadRecord | undefined> {
    return this.inTurn(id, async () => {
      const row = await this.row(project, id);
      if (!row) return undefined;
      const document = { ...row.document, object: change(row.document.object) };
      await this.#threads.commit(id, [replacement(row, document)]);
      return { project, object: document.object, state: threadState(row) };
    });
  }

  /** Reads and changes a thread's row when the others of this process are done; again after a conflict. */
  inTurn<T>(id: string, attempt: () => Promise<T>): Promise<T> {
    return this.#turns.take(id, attempt);
  }

  /**
   * Newest first by default. Entries whose thread is gone are passed over.
   * @throws {ApiError} 404 for an unknown cursor
   */
  async list(project: string, query: PageQuery): Promise<Page<ThreadRecord>> {
    const cursors = await keyed(
      'thread',
      query,
      async (id) => (await this.row(project, id))?.document.listKey,
    );
    const page = await scanPage<{ id: string }>(this.#list, project, projectKeys, cursors);
    const threads = await Promise.all(page.rows.map((row) => this.get(project, row.document.id)));
    return { data: threads.filter((thread) => thread !== undefined), hasMore: page.hasMore };
  }

  /** Removes the thread row (from here on the thread is unknown) and its list entry. */
  async remove(project: string, id: string): Promise<ThreadDocument | undefined> {
    const row = await this.row(project, id);
    if (!row) return undefined;
    const { listKey } = row.document;
    // Rows that are gone already were deleted by an attempt whose answer was lost, or by somebody at the same time.
    await this.#threads.commit(id, [{ type: 'delete', key: threadRow }]).catch(ignoreConflict);
    await this.#list
      .commit(project, [
        { type: 'delete', key: descendingKey(projectKeys, listKey) },
        { type: 'delete', key: ascendingKey(projectKeys, listKey) },
      ])
      .catch(ignoreConflict);
    return row.document;
  }

  /** Deletes the runs of a thread that is gone: they can be read without it, and who works on one is to stop. */
  async clearRuns(id: string): Promise<void> {
    await this.#clear(id, everyRunRow);
  }

  /** Deletes what is left of a thread's partition; repeatable. */
  async clear(id: string): Promise<void> {
    await this.#clear(id, everyRow);
  }

  /** `MAX_TRANSACTION_ROWS` rows at a time. */
  async #clear(id: string, [from, to]: readonly [string, string]): Promise<void> {
    for (;;) {
      const keys = await this.#threads.keys(id, from, to, MAX_TRANSACTION_ROWS);
      if (keys.length === 0) return;
      // Somebody else may be clearing it too: what is left is read again.
      await this.#threads.commit(id, deletions(keys)).catch(ignoreConflict);
    }
  }
}

const deletions = (keys: readonly string[]): Change[] => keys.map((key) => ({ type: 'delete', key }));

function ignoreConflict(error: unknown): void {
  if (!(error instanceof Conflict)) throw error;
}

export const toRecord = (row: Row<ThreadDocument>): ThreadRecord => ({
  project: row.document.project,
  object: row.document.object,
  state: threadState(row),
});

export const threadState = (row: Row<ThreadDocument>): ThreadState => ({
  activeRunId: String(row.columns.activeRunId ?? ''),
  lastMessageKey: String(row.columns.lastMessageKey ?? ''),
  messageCount: Number(row.columns.messageCount ?? 0),
  hasToolSteps: row.columns.hasToolSteps === true,
});

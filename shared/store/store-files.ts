import type { PageQuery } from '../api/page.ts';
import type { FileStatus, Tally } from '../api/vector-store.ts';
import type { StoreFileRecord } from '../api/vector-store-file.ts';
import { isPlausibleId } from '../ids.ts';
import { keyed } from './cursors.ts';
import { inBatches } from './in-batches.ts';
import {
  ascendingKey,
  batchKey,
  behind,
  descendingKey,
  endOf,
  justAfter,
  storeFileKey,
  storeFileKeys,
  storeRow,
  useKey,
} from './keys.ts';
import { mergePages } from './merge-pages.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { type Change, Conflict, type DocumentTable, type Row, replacement, type Version } from './table.ts';
import { count, noChange, type Shares, type TallyChange } from './tallies.ts';
import { scanPage } from './time-ordered.ts';

export type StoreFileRow = Row<StoreFileRecord>;

/** A file's row before and after a change; without a row before, it is new. */
interface Move {
  readonly before: StoreFileRow | undefined;
  readonly after: StoreFileRecord;
}

/** Rows that one added file takes in a transaction: itself, two in the store's lists and two in its batch's. */
export const ROWS_PER_FILE = 5;

const statuses = ['in_progress', 'completed', 'failed', 'cancelled'] as const satisfies FileStatus[];

/**
 * Files in vector stores. What the API shows of a file, the lists that it is in and the counts of its store and its
 * batch change in one transaction, so that they agree at every moment and after every crash.
 */
export class StoreFiles {
  readonly #table: DocumentTable;
  readonly #uses: DocumentTable;
  readonly #shares: Shares;

  constructor(table: DocumentTable, uses: DocumentTable, shares: Shares) {
    this.#table = table;
    this.#uses = uses;
    this.#shares = shares;
  }

  /** The row, also of a file that was removed. */
  async row(storeId: string, fileId: string): Promise<StoreFileRow | undefined> {
    return isPlausibleId(fileId)
      ? this.#table.get<StoreFileRecord>(storeId, storeFileKey(fileId))
      : undefined;
  }

  async get(storeId: string, fileId: string): Promise<StoreFileRecord | undefined> {
    const document = (await this.row(storeId, fileId))?.document;
    return document?.removed ? undefined : document;
  }

  /**
   * Applies `decide` to the newest version, and again when that changed meanwhile.
   * @param known what was read of it last, which spares reading it
   * @returns the row as it stands then, or undefined when there is no such file or no such store any more
   */
  async update(
    storeId: string,
    fileId: string,
    decide: (record: StoreFileRecord) => StoreFileRecord,
    known?: StoreFileRow,
  ): Promise<StoreFileRow | undefined> {
    let read = known;
    return retryConflicts(async () => {
      const row = read ?? (await this.row(storeId, fileId));
      read = undefined;
      if (!row || row.document.removed) return undefined;
      const record = decide(row.document);
      if (record === row.document) return row;
      const versions = await this.commit(storeId, [{ before: row, after: record }]);
      const version = versions?.get(row.key);
      if (!versions) return undefined;
      // After a lost answer only the next read tells.
      return version ? { ...row, ...version, document: record } : this.row(storeId, fileId);
    });
  }

  /**
   * Changes files, lists and counts together.
   * @param beside further changes of the partition
   * @param extra further changes of counts, by the row that counts
   * @returns new versions; undefined when the store, or a batch, is gone
   * @throws {Conflict}
   */
  async commit(
    storeId: string,
    moves: readonly Move[],
    beside: readonly Change[] = [],
    extra: ReadonlyMap<string, Tally> = new Map(),
  ): Promise<ReadonlyMap<string, Version> | undefined> {
    const changes = [...moves.flatMap(changesOf), ...beside];
    const tallies = talliesOf(moves, extra);
    if (tallies.size === 0) return this.#table.commit(storeId, changes);
    return this.#shares.change(storeId, tallies, async (shares) => {
      const versions = await this.#table.commit(storeId, [...changes, ...shares]);
      return { versions, result: versions };
    });
  }

  /**
   * Files of a store, or of one of its batches; in any status their lists are merged, so that a page costs the same
   * in a store of any size. The id of a file that was removed still marks its place.
   * @throws {ApiError} 404 for an unknown cursor
   */
  async list(
    storeId: string,
    query: PageQuery & { filter?: FileStatus | undefined },
    batchId: string | null = null,
  ): Promise<{ data: StoreFileRecord[]; hasMore: boolean }> {
    const scan = await keyed('file', query, async (id) => (await this.row(storeId, id))?.document.sortKey);
    const pages = await Promise.all(
      (query.filter ? [query.filter] : statuses).map((status) =>
        scanPage<StoreFileRecord>(this.#table, storeId, storeFileKeys(status, batchId), scan),
      ),
    );
    return mergePages(
      pages.map(({ rows, hasMore }) => ({ data: rows.map(({ document }) => document), hasMore })),
      scan,
    );
  }

  /** Ids of all files that a store has, or had, rows of; `after` the last one of the page before. */
  async ids(storeId: string, after: string, limit: number): Promise<string[]> {
    const from = after === '' ? storeFileKey('') : justAfter(storeFileKey(after));
    const keys = await this.#table.keys(storeId, from, endOf(storeFileKey('')), limit);
    return keys.map((key) => behind(storeFileKey(''), key));
  }

  /**
   * Notes that a store may hold the file, before it does: who deletes the file object finds the store by it.
   * @returns whether no store of the project has ever held the file
   */
  async noteUse(project: string, fileId: string, storeId: string): Promise<boolean> {
    const use: Change = { type: 'upsert', key: useKey(fileId, storeId), document: null };
    try {
      await this.#uses.commit(project, [{ type: 'insert', key: useKey(fileId), document: null }, use]);
      return true;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      await this.#uses.commit(project, [use]);
      return false;
    }
  }

  /** The same for several files at once. @returns those that no store of the project has ever held */
  async noteUses(project: string, fileIds: readonly string[], storeId: string): Promise<ReadonlySet<string>> {
    const changes = fileIds.flatMap((fileId): Change[] => [
      { type: 'insert', key: useKey(fileId), document: null },
      { type: 'upsert', key: useKey(fileId, storeId), document: null },
    ]);
    try {
      await this.#uses.commit(project, changes);
      return new Set(fileIds);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const first = await inBatches(fileIds, (fileId) => this.noteUse(project, fileId, storeId));
      return new Set(fileIds.filter((_, index) => first[index]));
    }
  }

  /** Stores that may hold the file. */
  async usesOf(project: string, fileId: string): Promise<string[]> {
    const prefix = useKey(fileId, '');
    const keys = await this.#uses.keys(project, prefix, endOf(prefix), Number.POSITIVE_INFINITY);
    return keys.map((key) => behind(prefix, key));
  }

  async forgetUse(project: string, fileId: string, storeId: string): Promise<void> {
    await this.#uses
      .commit(project, [{ type: 'delete', key: useKey(fileId, storeId) }])
      .catch(ignoreConflict);
  }

  /** Whether any store of the project has ever held the file. */
  async wasUsed(project: string, fileId: string): Promise<boolean> {
    const keys = await this.#uses.keys(project, useKey(fileId), `${useKey(fileId)}:`, 1);
    return keys.length > 0;
  }

  /** Forgets that the file, which is gone, was ever in a store. */
  async forgetFile(project: string, fileId: string): Promise<void> {
    await this.#uses.commit(project, [{ type: 'delete', key: useKey(fileId) }]).catch(ignoreConflict);
  }
}

function changesOf({ before, after }: Move): Change[] {
  const own: Change = before
    ? replacement(before, after)
    : { type: 'insert', key: storeFileKey(after.object.id), document: after };
  const old = before && !before.document.removed ? before.document : undefined;
  // What only the work on a file changes, lists do not show.
  if (old && old.object === after.object && old.batchId === after.batchId && !after.removed) return [own];
  const kept = after.removed ? [] : listRows(after);
  const keptKeys = new Set(kept.map(({ key }) => key));
  const gone = old ? listRows(old).filter(({ key }) => !keptKeys.has(key)) : [];
  return [own, ...gone.map(({ key }): Change => ({ type: 'delete', key })), ...kept];
}

function listRows(record: StoreFileRecord): Extract<Change, { type: 'upsert' }>[] {
  const { sortKey, batchId, object } = record;
  const scopes = batchId === null ? [null] : [null, batchId];
  return scopes.flatMap((scope) => {
    const keys = storeFileKeys(object.status, scope);
    return [
      { type: 'upsert', key: descendingKey(keys, sortKey), document: record, columns: { sortKey } } as const,
      { type: 'upsert', key: ascendingKey(keys, sortKey), document: null } as const,
    ];
  });
}

/** What the moves change in the counts of the store and of batches; nothing where that is nothing. */
function talliesOf(moves: readonly Move[], extra: ReadonlyMap<string, Tally>): Map<string, Tally> {
  const tallies = new Map<string, TallyChange>();
  const of = (row: string): TallyChange => {
    const known = tallies.get(row) ?? noChange();
    tallies.set(row, known);
    return known;
  };
  for (const { before, after } of moves) {
    const record = before?.document;
    if (record && !record.removed) countFile(of, record, -1);
    if (!after.removed) countFile(of, after, 1);
  }
  for (const [row, change] of extra) {
    const tally = of(row);
    for (const field of Object.keys(change) as (keyof Tally)[]) tally[field] += change[field];
  }
  return new Map([...tallies].filter(([, change]) => Object.values(change).some((value) => value !== 0)));
}

function countFile(of: (row: string) => TallyChange, record: StoreFileRecord, files: 1 | -1): void {
  const { status, usage_bytes: bytes } = record.object;
  count(of(storeRow), status, files, files * bytes);
  if (record.batchId !== null) count(of(batchKey(record.batchId)), status, files);
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof Conflict)) throw error;
}

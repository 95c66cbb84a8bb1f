import type { Page, PageQuery } from '../api/page.ts';
import {
  emptyTally,
  type PinnedEmbedder,
  type StoreState,
  type Tally,
  type VectorStoreRecord,
} from '../api/vector-store.ts';
import { isPlausibleId } from '../ids.ts';
import { keyed } from './cursors.ts';
import { inBatches } from './in-batches.ts';
import { ascendingKey, descendingKey, everyRow, projectKeys, storeRow } from './keys.ts';
import { retryConflicts } from './retry-conflicts.ts';
import {
  type Change,
  Conflict,
  type DocumentTable,
  MAX_TRANSACTION_ROWS,
  type Row,
  replacement,
} from './table.ts';
import { readTallied, type Shares, shareDeletions, shareInsertions } from './tallies.ts';
import { scanPage } from './time-ordered.ts';

/** A vector store with what is counted of it. */
export interface StoreView {
  readonly record: VectorStoreRecord;
  readonly state: StoreState;
  readonly tally: Tally;
}

/** Embedders that are known to be pinned: they never change. */
const KNOWN_EMBEDDERS = 10_000;

/** Vector stores: the row that all of a store's partition depends on, and the project's list of them. */
export class VectorStores {
  readonly #table: DocumentTable;
  readonly #list: DocumentTable;
  readonly #shares: Shares;
  readonly #embedders = new Map<string, Promise<PinnedEmbedder | undefined>>();

  constructor(table: DocumentTable, list: DocumentTable, shares: Shares) {
    this.#table = table;
    this.#list = list;
    this.#shares = shares;
  }

  /**
   * The list entry first: until the store's own row exists there is no store, and an entry without one is passed
   * over.
   * @param beside rows of the store's partition that begin with it, and what they count
   * @throws {Conflict} when the id is taken
   */
  async create(
    record: VectorStoreRecord,
    beside: { readonly changes: readonly Change[]; readonly tally: Tally } | undefined = undefined,
  ): Promise<StoreView> {
    const { id, created_at: lastActiveAt } = record.object;
    const { sortKey } = record;
    await this.#list.commit(record.project, [
      {
        type: 'upsert',
        key: descendingKey(projectKeys, sortKey),
        document: { id },
        columns: { sortKey },
      },
      { type: 'upsert', key: ascendingKey(projectKeys, sortKey), document: null },
    ]);
    const state: StoreState = { lastActiveAt, expired: false };
    await this.#table.commit(id, [
      { type: 'insert', key: storeRow, document: record, columns: { ...state } },
      ...shareInsertions(storeRow, beside?.tally),
      ...(beside?.changes ?? []),
    ]);
    return { record, state, tally: beside?.tally ?? emptyTally };
  }

  async get(project: string, id: string): Promise<StoreView | undefined> {
    const found = await this.#read(project, id);
    return found && { record: found.row.document, state: stateOf(found.row), tally: found.tally };
  }

  /**
   * Newest first by default. Entries whose store is gone are passed over.
   * @throws {ApiError} 404 for an unknown cursor
   */
  async list(project: string, query: PageQuery): Promise<Page<StoreView>> {
    const cursors = await keyed(
      'vectorStore',
      query,
      async (id) => (await this.get(project, id))?.record.sortKey,
    );
    const page = await scanPage<{ id: string }>(this.#list, project, projectKeys, cursors);
    const stores = await inBatches(page.rows, (row) => this.get(project, row.document.id));
    return { data: stores.filter((store) => store !== undefined), hasMore: page.hasMore };
  }

  /** Applies `change` to the newest version; undefined when there is none. */
  async update(
    project: string,
    id: string,
    change: (record: VectorStoreRecord, state: StoreState) => VectorStoreRecord,
  ): Promise<StoreView | undefined> {
    return retryConflicts(async () => {
      const found = await this.#read(project, id);
      if (!found) return undefined;
      const state = stateOf(found.row);
      const record = change(found.row.document, state);
      if (record !== found.row.document) await this.#table.commit(id, [replacement(found.row, record)]);
      return { record, state, tally: found.tally };
    });
  }

  /** Notes that the store was used. A store that is gone meanwhile needs no note. `at` in Unix seconds. */
  async touch(id: string, at: number): Promise<void> {
    await this.#table
      .commit(id, [{ type: 'merge', key: storeRow, etag: '*', columns: { lastActiveAt: at } }])
      .catch(ignoreConflict);
  }

  /**
   * Closes an expired store for good: whoever was about to add a file meets a conflict, and finds it closed.
   * @returns false when the store is gone, or was used meanwhile
   */
  async close(
    project: string,
    id: string,
    hasExpired: (record: VectorStoreRecord, state: StoreState) => boolean,
  ): Promise<boolean> {
    return retryConflicts(async () => {
      const found = await this.#read(project, id);
      if (!found || !hasExpired(found.row.document, stateOf(found.row))) return false;
      if (stateOf(found.row).expired) return true;
      const columns = { ...found.row.columns, expired: true };
      await this.#table.commit(id, [
        replacement({ ...found.row, columns }, found.row.document),
        ...found.shares.map((share) => replacement(share, share.document)),
      ]);
      return true;
    });
  }

  /**
   * The embedder that the store is pinned to: `chosen`, unless somebody was first. Those who ask at once in this
   * process ask once.
   * @returns undefined when there is no such store
   */
  pin(
    project: string,
    id: string,
    choose: () => Promise<PinnedEmbedder>,
  ): Promise<PinnedEmbedder | undefined> {
    const known = this.#embedders.get(id);
    if (known !== undefined) return known;
    const pinned = this.#pin(project, id, choose);
    if (this.#embedders.size >= KNOWN_EMBEDDERS) this.#embedders.clear();
    this.#embedders.set(id, pinned);
    const forget = () => this.#embedders.delete(id);
    pinned.then((embedder) => embedder || forget(), forget);
    return pinned;
  }

  async #pin(
    project: string,
    id: string,
    choose: () => Promise<PinnedEmbedder>,
  ): Promise<PinnedEmbedder | undefined> {
    const view = await this.get(project, id);
    if (!view) return undefined;
    if (view.record.embedder) return view.record.embedder;
    const embedder = await choose();
    const pinned = await this.update(project, id, (record) =>
      record.embedder ? record : { ...record, embedder },
    );
    return pinned?.record.embedder ?? undefined;
  }

  /** Removes the store's row and counts: from here on the store is unknown, and nobody can add to it. */
  async remove(project: string, id: string): Promise<VectorStoreRecord | undefined> {
    return retryConflicts(async () => {
      const found = await this.#read(project, id);
      if (!found) return undefined;
      const record = found.row.document;
      await this.#table.commit(id, [{ type: 'delete', key: storeRow }, ...shareDeletions(storeRow)]);
      if (found.row.spill) await this.#table.clearSpills(id, [storeRow]);
      await this.removeEntry(record);
      return record;
    });
  }

  /** Only the list entry; repeatable. */
  async removeEntry({ project, sortKey }: Pick<VectorStoreRecord, 'project' | 'sortKey'>): Promise<void> {
    await this.#list
      .commit(project, [
        { type: 'delete', key: descendingKey(projectKeys, sortKey) },
        { type: 'delete', key: ascendingKey(projectKeys, sortKey) },
      ])
      .catch(ignoreConflict);
  }

  /** Deletes what is left of the partition of a store that is gone; repeatable. */
  async clear(id: string): Promise<void> {
    for (;;) {
      const keys = await this.#table.keys(id, ...everyRow, MAX_TRANSACTION_ROWS);
      if (keys.length === 0) return;
      const changes = keys.map((key): Change => ({ type: 'delete', key }));
      // Somebody else may be clearing it too: what is left is read again.
      await this.#table.commit(id, changes).catch(ignoreConflict);
      await this.#table.clearSpills(id, keys.filter(mayBeLong));
    }
  }

  async #read(project: string, id: string) {
    if (!isPlausibleId(id)) return undefined;
    const found = await readTallied<VectorStoreRecord>(this.#table, id, storeRow);
    if (found?.row.document.project !== project) return undefined;
    this.#shares.learn(found.shares);
    return found;
  }
}

/** Rows whose documents may have been too long for them: batches with their plans. */
const mayBeLong = (key: string): boolean => /^b:[^:]+$/.test(key);

const stateOf = ({ columns }: Row<VectorStoreRecord>): StoreState => ({
  lastActiveAt: Number(columns.lastActiveAt ?? 0),
  expired: columns.expired === true,
});

function ignoreConflict(error: unknown): void {
  if (!(error instanceof Conflict)) throw error;
}

import type { FileBatchRecord, FileBatchState } from '../api/file-batch.ts';
import { emptyTally, type Tally } from '../api/vector-store.ts';
import { isPlausibleId } from '../ids.ts';
import { batchKey, storeRow } from './keys.ts';
import { retryConflicts } from './retry-conflicts.ts';
import type { Change, DocumentTable, Row } from './table.ts';
import { readTallied, type Shares, shareInsertions } from './tallies.ts';

export type FileBatchRow = Row<FileBatchRecord>;

export interface BatchView {
  readonly row: FileBatchRow;
  readonly record: FileBatchRecord;
  readonly state: FileBatchState;
  readonly tally: Tally;
}

/**
 * Batches of files, in their store's partition. From its beginning a batch counts all of its files, in its own counts
 * and in the store's; they get their rows one by one (see `indexing/spread-batch.ts`).
 */
export class FileBatches {
  readonly #table: DocumentTable;
  readonly #shares: Shares;

  constructor(table: DocumentTable, shares: Shares) {
    this.#table = table;
    this.#shares = shares;
  }

  /** False when the store is gone. */
  async create(record: FileBatchRecord): Promise<boolean> {
    const { changes, tally } = batchBeside(record);
    return retryConflicts(async () => {
      const versions = await this.#shares.change(
        record.storeId,
        new Map([[storeRow, tally]]),
        async (shares) => {
          const versions = await this.#table.commit(record.storeId, [...changes, ...shares]);
          return { versions, result: versions };
        },
      );
      return versions !== undefined;
    });
  }

  async get(storeId: string, id: string): Promise<BatchView | undefined> {
    if (!isPlausibleId(id)) return undefined;
    const found = await readTallied<FileBatchRecord>(this.#table, storeId, batchKey(id));
    if (!found) return undefined;
    this.#shares.learn(found.shares);
    return { row: found.row, record: found.row.document, state: stateOf(found.row), tally: found.tally };
  }

  /** Only the row, for those who need no counts. */
  async row(storeId: string, id: string): Promise<{ row: FileBatchRow; state: FileBatchState } | undefined> {
    const row = await this.#table.get<FileBatchRecord>(storeId, batchKey(id));
    return row && { row, state: stateOf(row) };
  }

  /** Files that are not in the store's rows yet will come into them cancelled. False when there is no such batch. */
  async cancel(storeId: string, id: string): Promise<boolean> {
    return retryConflicts(async () => {
      const found = await this.row(storeId, id);
      if (!found) return false;
      if (found.state.cancelled) return true;
      const { key, etag } = found.row;
      await this.#table.commit(storeId, [{ type: 'merge', key, etag, columns: { cancelled: true } }]);
      return true;
    });
  }
}

/** The rows of a new batch, and what they add to its store's counts. */
export function batchBeside(record: FileBatchRecord): { changes: Change[]; tally: Tally } {
  const tally = { ...emptyTally, in_progress: record.files.length };
  const columns: FileBatchState = { spread: 0, cancelled: false };
  const row = batchKey(record.id);
  return {
    changes: [
      { type: 'insert', key: row, document: record, columns: { ...columns } },
      ...shareInsertions(row, tally),
    ],
    tally,
  };
}

/** The batch's row once `spread` of its files have rows; under its version, so that nobody does the same twice. */
export const batchProgress = ({ key, etag }: FileBatchRow, spread: number): Change => ({
  type: 'merge',
  key,
  etag,
  columns: { spread },
});

const stateOf = ({ columns }: FileBatchRow): FileBatchState => ({
  spread: Number(columns.spread ?? 0),
  cancelled: columns.cancelled === true,
});

import { emptyTally, type FileStatus, type Tally } from '../api/vector-store.ts';
import { afterShares, shareKey } from './keys.ts';
import { type Change, type DocumentTable, type Row, replacement, type Version } from './table.ts';

/**
 * Counts that are exact at every moment and that many write at once: each row that counts files has its counts
 * spread over shares, of which a writer changes one in the transaction that changes a file. Their sum counts.
 * All shares are there as long as their row is: who finds none knows that the row is gone.
 */
export const SHARES = 16;

/** What a change of files does to a count. */
export type TallyChange = { -readonly [K in keyof Tally]: number };

export const noChange = (): TallyChange => ({ ...emptyTally });

export function count(change: TallyChange, status: FileStatus, files: number, bytes = 0): void {
  change[status] += files;
  change.bytes += bytes;
}

const add = (tally: Tally, change: Tally): Tally => ({
  in_progress: tally.in_progress + change.in_progress,
  completed: tally.completed + change.completed,
  failed: tally.failed + change.failed,
  cancelled: tally.cancelled + change.cancelled,
  bytes: tally.bytes + change.bytes,
});

export const sum = (shares: readonly Row<Tally>[]): Tally =>
  shares.reduce((total, { document }) => add(total, document), emptyTally);

/** The rows of new counts, the first of which begins with `initial`. */
export const shareInsertions = (row: string, initial: Tally = emptyTally): Change[] =>
  Array.from({ length: SHARES }, (_, share) => ({
    type: 'insert',
    key: shareKey(row, share),
    document: share === 0 ? initial : emptyTally,
  }));

export const shareDeletions = (row: string): Change[] =>
  Array.from({ length: SHARES }, (_, share) => ({ type: 'delete', key: shareKey(row, share) }));

/** A row and the sum of its counts. */
export async function readTallied<T>(
  table: DocumentTable,
  partition: string,
  row: string,
): Promise<{ row: Row<T>; tally: Tally; shares: Row<Tally>[] } | undefined> {
  const [first, ...rest] = await table.range<unknown>(partition, row, afterShares(row), SHARES + 1);
  if (first?.key !== row) return undefined;
  const shares = rest as Row<Tally>[];
  return { row: first as Row<T>, tally: sum(shares), shares };
}

/** Shares that this process knows the newest version of, which spares reading them. */
const KNOWN_SHARES = 5000;

/** Chooses the share that a writer changes: one that nobody else in this process is about to change. */
export class Shares {
  readonly #table: DocumentTable;
  readonly #busy = new Set<string>();
  readonly #known = new Map<string, Row<Tally>>();

  constructor(table: DocumentTable) {
    this.#table = table;
  }

  /** Tells what was read of a row's shares along with it. */
  learn(shares: readonly Row<Tally>[]): void {
    for (const share of shares) if (!this.#busy.has(placeOf(share))) this.#keep(share);
  }

  /**
   * Does a write that changes the counts of `rows`, each given a change of one of its shares to commit with. undefined
   * when one of the rows is gone.
   * @throws {Conflict}
   */
  async change<T>(
    partition: string,
    tallies: ReadonlyMap<string, Tally>,
    write: (changes: readonly Change[]) => Promise<{ versions: ReadonlyMap<string, Version>; result: T }>,
  ): Promise<T | undefined> {
    const share = this.#choose(partition, [...tallies.keys()]);
    const places = [...tallies.keys()].map((row) => shareKey(row, share));
    for (const key of places) this.#busy.add(`${partition}/${key}`);
    try {
      const rows = await Promise.all(places.map((key) => this.#read(partition, key)));
      if (rows.some((row) => row === undefined)) return undefined;
      const current = rows as Row<Tally>[];
      const changed = [...tallies.values()].map((change, index) => add(current[index]!.document, change));
      // Whatever happens to the write, what is known now is not known to be the newest any more.
      for (const key of places) this.#known.delete(`${partition}/${key}`);
      const { versions, result } = await write(current.map((row, index) => replacement(row, changed[index])));
      for (const [index, row] of current.entries()) {
        const version = versions.get(row.key);
        if (version) this.#keep({ ...row, ...version, document: changed[index]! });
      }
      return result;
    } finally {
      for (const key of places) this.#busy.delete(`${partition}/${key}`);
    }
  }

  /** Known and free, else free, else any: others who write have others, mostly. */
  #choose(partition: string, rows: readonly string[]): number {
    const [row = ''] = rows;
    const place = (share: number) => `${partition}/${shareKey(row, share)}`;
    const free = Array.from({ length: SHARES }, (_, share) => share).filter(
      (share) => !this.#busy.has(place(share)),
    );
    const known = free.filter((share) => this.#known.has(place(share)));
    const candidates = known.length > 0 ? known : free;
    if (candidates.length === 0) return Math.floor(Math.random() * SHARES);
    return candidates[Math.floor(Math.random() * candidates.length)]!;
  }

  async #read(partition: string, key: string): Promise<Row<Tally> | undefined> {
    return this.#known.get(`${partition}/${key}`) ?? this.#table.get<Tally>(partition, key);
  }

  #keep(share: Row<Tally>): void {
    if (this.#known.size >= KNOWN_SHARES) this.#known.clear();
    this.#known.set(placeOf(share), share);
  }
}

const placeOf = ({ partition, key }: Row<Tally>): string => `${partition}/${key}`;

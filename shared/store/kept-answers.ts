import { DAY } from '../clock.ts';
import { Conflict, type DocumentTable, MAX_TRANSACTION_ROWS, type Row, replacement } from './table.ts';

/** What became of a request that named itself by an idempotency key. */
export interface KeptAnswer {
  /** Tells one request from another. */
  readonly fingerprint: string;
  /** Milliseconds. */
  readonly begunAt: number;
  /** Who does it now, and until when (milliseconds) without renewal; empty when it is done. */
  readonly owner: string;
  readonly ownedUntil: number;
  /** Ids that were set aside for what is made, so that it can be found after a crash. */
  readonly reserved: Readonly<Record<string, string>>;
  /** What was in the form, for a request with one. */
  readonly form?: string;
  /** The answer, once there is one. */
  readonly answer?:
    | { readonly body: object }
    | { readonly stream: { readonly threadId: string; readonly runId: string } };
}

export type KeptRow = Row<KeptAnswer>;

/** Answers are kept at least this long, and given again so long. */
export const KEPT_MS = DAY;

/**
 * Answers by idempotency key. A partition holds those of one project and day, so that old ones are found, and go, a
 * day at a time: when the project first uses a key on another day.
 */
export class KeptAnswerStore {
  readonly #table: DocumentTable;
  /** Projects whose old answers this process has looked for today. */
  readonly #tidied = new Map<string, string>();

  constructor(table: DocumentTable) {
    this.#table = table;
  }

  /**
   * The first to come takes the key.
   * @param key a hash
   * @returns whether it was taken now, and how it stands
   */
  async take(project: string, key: string, first: KeptAnswer): Promise<{ taken: boolean; row: KeptRow }> {
    const now = first.begunAt;
    const [today, yesterday] = [partition(project, now), partition(project, now - DAY)];
    const earlier = await this.#table.get<KeptAnswer>(yesterday, key);
    if (earlier && now - earlier.document.begunAt < KEPT_MS) return { taken: false, row: earlier };
    try {
      const versions = await this.#table.commit(today, [{ type: 'insert', key, document: first }]);
      const row = { partition: today, key, document: first, columns: {}, etag: '', ...versions.get(key) };
      return { taken: true, row };
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const row = await this.#table.get<KeptAnswer>(today, key);
      if (!row) throw error;
      return { taken: false, row };
    }
  }

  async read({ partition, key }: KeptRow): Promise<KeptRow | undefined> {
    return this.#table.get<KeptAnswer>(partition, key);
  }

  /** Undefined when somebody else changed it since it was read. */
  async replace(row: KeptRow, document: KeptAnswer): Promise<KeptRow | undefined> {
    try {
      const versions = await this.#table.commit(row.partition, [replacement(row, document)]);
      return { ...row, document, etag: '', ...versions.get(row.key) };
    } catch (error) {
      if (error instanceof Conflict) return undefined;
      throw error;
    }
  }

  /** The key is free again: its request was refused. */
  async release({ partition, key }: KeptRow): Promise<void> {
    await this.#table.commit(partition, [{ type: 'delete', key }]).catch((error: unknown) => {
      if (!(error instanceof Conflict)) throw error;
    });
  }

  /** Deletes what is older than is kept; once a day and process for a project, when it uses a key. */
  async tidy(project: string, now: number): Promise<void> {
    const today = dayOf(now);
    if (this.#tidied.get(project) === today) return;
    this.#tidied.set(project, today);
    await this.clear(project, now - 2 * DAY);
  }

  /** Deletes a project's answers until the day of `until`, that day included. */
  async clear(project: string, until: number): Promise<void> {
    const [from, to] = [`${project}|`, `${partition(project, until)}~`];
    for (;;) {
      const rows = await this.#table.across(from, to, MAX_TRANSACTION_ROWS);
      if (rows.length === 0) return;
      for (const [day, keys] of Map.groupBy(rows, (row) => row.partition)) {
        const changes = keys.map(({ key }) => ({ type: 'delete' as const, key }));
        await this.#table.commit(day, changes);
        await this.#table.clearSpills(
          day,
          keys.filter(({ spilled }) => spilled).map(({ key }) => key),
        );
      }
    }
  }
}

const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);
const partition = (project: string, now: number): string => `${project}|${dayOf(now)}`;

import type { KnownKey, StoredKey } from '../callers/stored-keys.ts';
import { everyRow } from './keys.ts';
import { Conflict, type DocumentTable } from './table.ts';

const PARTITION = 'keys';

/** Keys of callers, by the SHA-256 of the key in hexadecimal digits: the key itself is nowhere. */
export class CallerKeyStore {
  readonly #table: DocumentTable;

  constructor(table: DocumentTable) {
    this.#table = table;
  }

  async get(hash: string): Promise<KnownKey | undefined> {
    const row = await this.#table.get<StoredKey>(PARTITION, hash);
    return row && { ...row.document, lastUsed: dayOf(row.columns.lastUsed) };
  }

  /** @throws {Conflict} when the key is there already */
  async insert(hash: string, key: StoredKey): Promise<void> {
    await this.#table.commit(PARTITION, [{ type: 'insert', key: hash, document: key }]);
  }

  /** Notes the day of a use. A key that was removed meanwhile stays removed. */
  async used(hash: string, day: string): Promise<void> {
    await this.#table
      .commit(PARTITION, [{ type: 'merge', key: hash, columns: { lastUsed: day }, etag: '*' }])
      .catch(unlessGone);
  }

  /** All keys, at most 1,000. */
  async list(): Promise<KnownKey[]> {
    const rows = await this.#table.range<StoredKey>(PARTITION, ...everyRow, 1000);
    return rows.map(({ document, columns }) => ({ ...document, lastUsed: dayOf(columns.lastUsed) }));
  }

  /** Removes the key with this id. @returns whether there was one */
  async remove(id: string): Promise<boolean> {
    const [hash] = await this.#table.keys(PARTITION, id, `${id}~`, 1);
    if (hash === undefined || !hash.startsWith(id)) return false;
    await this.#table.commit(PARTITION, [{ type: 'delete', key: hash }]).catch(unlessGone);
    return true;
  }
}

const dayOf = (column: unknown): string | undefined => (typeof column === 'string' ? column : undefined);

function unlessGone(error: unknown): void {
  if (!(error instanceof Conflict)) throw error;
}

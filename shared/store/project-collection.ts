import type { ObjectKind } from '../api/error.ts';
import type { Page, PageQuery } from '../api/page.ts';
import { isPlausibleId } from '../ids.ts';
import { keyed } from './cursors.ts';
import { ascendingKey, descendingKey, idKey, projectKeys } from './keys.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { spillBeside } from './spills.ts';
import { type Change, type DocumentTable, type Row, replacement } from './table.ts';
import { scanPage } from './time-ordered.ts';

interface ProjectRecord {
  readonly project: string;
  readonly sortKey: string;
  readonly object: { readonly id: string };
}

/**
 * Objects of a project that are found by ids made anywhere and listed by creation: assistants, files.
 * Each stands in two rows (by id, by time) and one pointer, always changed in one transaction.
 */
export class ProjectCollection<T extends ProjectRecord> {
  readonly #table: DocumentTable;
  readonly #kind: ObjectKind;

  /** @param kind of its objects, for the refusal of a cursor that is none of theirs */
  constructor(table: DocumentTable, kind: ObjectKind) {
    this.#table = table;
    this.#kind = kind;
  }

  /** @throws {Conflict} when the id is taken. */
  async insert(record: T): Promise<void> {
    await this.#table.commit(record.project, [
      { type: 'insert', key: idKey(record.object.id), document: record },
      {
        type: 'insert',
        key: descendingKey(projectKeys, record.sortKey),
        document: record,
        columns: sortColumn(record),
      },
      { type: 'insert', key: ascendingKey(projectKeys, record.sortKey) },
    ]);
  }

  async get(project: string, id: string): Promise<T | undefined> {
    return (await this.#row(project, id))?.document;
  }

  /** Applies `change` to the newest version; undefined when there is none. */
  async update(project: string, id: string, change: (record: T) => T): Promise<T | undefined> {
    return retryConflicts(async () => {
      const row = await this.#row(project, id);
      if (!row) return undefined;
      const record = change(row.document);
      const listed = descendingKey(projectKeys, record.sortKey);
      await this.#table.commit(project, [
        replacement(row, record),
        {
          type: 'upsert',
          key: listed,
          document: record,
          columns: sortColumn(record),
          // Both rows are always written together.
          supersedes: row.spill && spillBeside(row.spill, project, listed),
        },
      ]);
      return record;
    });
  }

  /**
   * The removed record, or undefined when there was none.
   * @param first done before the record goes; repeatable
   */
  async remove(
    project: string,
    id: string,
    first: (record: T) => Promise<void> = async () => {},
  ): Promise<T | undefined> {
    return retryConflicts(async () => {
      const row = await this.#row(project, id);
      if (!row) return undefined;
      await first(row.document);
      const listed = descendingKey(projectKeys, row.document.sortKey);
      const keys = [row.key, listed, ascendingKey(projectKeys, row.document.sortKey)];
      await this.#table.commit(
        project,
        keys.map((key): Change => ({ type: 'delete', key })),
      );
      if (row.spill) await this.#table.clearSpills(project, [row.key, listed]);
      return row.document;
    });
  }

  /** @throws {ApiError} 404 for an unknown cursor */
  async list(project: string, query: PageQuery, matches?: (record: T) => boolean): Promise<Page<T>> {
    const page = await scanPage<T>(
      this.#table,
      project,
      projectKeys,
      await keyed(this.#kind, query, async (id) => (await this.get(project, id))?.sortKey),
      matches,
    );
    return { data: page.rows.map((row) => row.document), hasMore: page.hasMore };
  }

  async #row(project: string, id: string): Promise<Row<T> | undefined> {
    return isPlausibleId(id) ? this.#table.get<T>(project, idKey(id)) : undefined;
  }
}

const sortColumn = (record: ProjectRecord) => ({ sortKey: record.sortKey });

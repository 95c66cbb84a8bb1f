import { randomBytes } from 'node:crypto';
import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import type { ContainerClient } from '@azure/storage-blob';

import { type Columns, type Entity, readDocument } from './document.ts';
import { patiently } from './patience.ts';
import { SpillGone, Spills } from './spills.ts';
import { encodeChanges, STAMP, toAction } from './table-action.ts';

/** What tells one state of a row from another. */
export interface Version {
  readonly etag: string;
  /** The blob that holds the document, where it is too long for the row. */
  readonly spill?: string | undefined;
}

/** A row of a {@link DocumentTable}: one JSON document, a few plain columns, and the version that was read. */
export interface Row<T> extends Version {
  readonly partition: string;
  readonly key: string;
  readonly document: T;
  readonly columns: Columns;
}

/** A document in place of another one, whose {@link Version.spill} is deleted where it is known. */
interface Overwrite {
  readonly key: string;
  readonly document: unknown;
  readonly columns?: Columns;
  readonly supersedes?: string | undefined;
}

/** One change of an entity-group transaction. `etag: '*'` overwrites whatever is there. */
export type Change =
  | { readonly type: 'insert'; readonly key: string; readonly document?: unknown; readonly columns?: Columns }
  | (Overwrite & { readonly type: 'replace'; readonly etag: string })
  | (Overwrite & { readonly type: 'upsert' })
  /** Sets columns and leaves the document alone. */
  | { readonly type: 'merge'; readonly key: string; readonly columns: Columns; readonly etag: string }
  | { readonly type: 'delete'; readonly key: string };

/** A document in the place of the one that was read. */
export const replacement = ({ key, columns, etag, spill }: Row<unknown>, document: unknown): Change => ({
  type: 'replace',
  key,
  document,
  columns,
  etag,
  supersedes: spill,
});

/** Another writer was first: reload and decide again. */
export class Conflict extends Error {
  constructor(partition: string, options?: ErrorOptions) {
    super(`A row of partition '${partition}' changed since it was read.`, options);
    this.name = 'Conflict';
  }
}

/** Rows a transaction may hold. https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions */
export const MAX_TRANSACTION_ROWS = 100;
/** A row that changed this often while it was read is not about to stop. */
const MAX_READS = 5;

/** Documents in one table. The only place that speaks to the table service. */
export class DocumentTable {
  readonly #client: TableClient;
  readonly #spills: Spills;

  constructor(client: TableClient, spills: ContainerClient) {
    this.#client = client;
    this.#spills = new Spills(spills);
  }

  async get<T>(partition: string, key: string): Promise<Row<T> | undefined> {
    return untilWhole(async () => {
      const entity = await this.#entity(partition, key);
      return entity && this.#row<T>(entity);
    });
  }

  /**
   * All changes or none, within one partition. Returns the new versions by key; when the first answer was lost,
   * only that of the first change.
   * @throws {Conflict}
   */
  async commit(partition: string, changes: readonly Change[]): Promise<ReadonlyMap<string, Version>> {
    const stamp = randomBytes(9).toString('base64url');
    const encoded = encodeChanges(partition, changes, stamp);
    const spills = new Map<string, string>();
    for (const entry of encoded) if (entry?.spill) spills.set(entry.key, entry.spill);
    await Promise.all(encoded.map((entry) => entry?.spill && this.#spills.write(entry.spill, entry.text)));
    const actions = changes.map((change, i) => toAction(partition, change, encoded[i], stamp));
    const etags = await this.#write(partition, changes, actions, stamp).catch(async (error: unknown) => {
      if (error instanceof Conflict) await this.#withdraw(partition, spills);
      throw error;
    });
    await this.#forgetSuperseded(changes);
    return new Map([...etags].map(([key, etag]) => [key, { etag, spill: spills.get(key) }]));
  }

  /**
   * Deletes the long documents of rows that were deleted, which only rows with a {@link Version.spill} have.
   * After the rows, for these must not name what is not there; a process that dies in between leaves blobs
   * that nothing leads to any more.
   */
  async clearSpills(partition: string, keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => this.#spills.clear(partition, key)));
  }

  /** New ETags by key. @throws {Conflict} */
  async #write(
    partition: string,
    changes: readonly Change[],
    actions: TransactionAction[],
    stamp: string,
  ): Promise<ReadonlyMap<string, string>> {
    try {
      return await patiently((abortSignal) => this.#submit(changes, actions, abortSignal));
    } catch (error) {
      if (!isConflict(error)) throw error;
      const landed = await this.#landed(partition, changes, stamp);
      if (landed) return landed;
      throw new Conflict(partition, { cause: error });
    }
  }

  /** Deletes the long documents of a write that did not happen. What a row names is from one that did, after all. */
  async #withdraw(partition: string, spills: ReadonlyMap<string, string>): Promise<void> {
    for (const [key, name] of spills) {
      if ((await this.#entity(partition, key))?.spill !== name) await this.#spills.delete(name);
    }
  }

  /**
   * Whoever has read the old row a moment ago reads it again (see {@link untilWhole}). The write itself has
   * happened: what cannot be deleted now is deleted with its row, or its thread, and fails nobody.
   */
  async #forgetSuperseded(changes: readonly Change[]): Promise<void> {
    const names = changes.map((change) => ('supersedes' in change ? change.supersedes : undefined));
    await Promise.allSettled(names.map((name) => name && this.#spills.delete(name)));
  }

  async #submit(
    changes: readonly Change[],
    actions: TransactionAction[],
    abortSignal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    // Azurite (3.37) decodes the body of a single write piece by piece and so tears characters of several bytes.
    if (actions.length === 1 && isAscii(actions[0]!))
      return this.#single(changes[0]!, actions[0]!, abortSignal);
    const response = await this.#client.submitTransaction(actions, { abortSignal });
    return new Map(response.subResponses.map((sub, i) => [changes[i]!.key, sub.etag ?? '']));
  }

  /**
   * A write whose answer was lost is repeated, and then conflicts with itself. Its stamp in the rows tells that
   * from a conflict with somebody else.
   */
  async #landed(
    partition: string,
    changes: readonly Change[],
    stamp: string,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const written = changes.find((change) => change.type !== 'delete');
    const entity = written && (await this.#entity(partition, written.key));
    return entity?.[STAMP] === stamp ? new Map([[entity.rowKey, String(entity.etag)]]) : undefined;
  }

  #entity(partition: string, key: string): Promise<Entity | undefined> {
    return patiently((abortSignal) =>
      this.#client.getEntity<Entity>(partition, key, { abortSignal }).catch(undefinedIfMissing),
    );
  }

  /**
   * Rows with `from` ≤ key < `to`, in key order, at most `limit`.
   * @param to exclusive upper bound
   */
  async range<T>(partition: string, from: string, to: string, limit: number): Promise<Row<T>[]> {
    return untilWhole(async () => {
      const entities = await this.#entities(partition, from, to, limit);
      return Promise.all(entities.map((entity) => this.#row<T>(entity)));
    });
  }

  /** Like {@link range}, but only the keys: for pointer rows and deletions. */
  async keys(partition: string, from: string, to: string, limit: number): Promise<string[]> {
    const entities = await this.#entities(partition, from, to, limit, ['RowKey']);
    return entities.map((entity) => entity.rowKey);
  }

  /** Rows of all partitions with `from` ≤ partition < `to`, at most `limit`: for what is to be deleted. */
  async across(
    from: string,
    to: string,
    limit: number,
  ): Promise<{ readonly partition: string; readonly key: string; readonly spilled: boolean }[]> {
    const filter = odata`PartitionKey ge ${from} and PartitionKey lt ${to}`;
    const select = ['PartitionKey', 'RowKey', 'spill'];
    const page = await patiently(async (abortSignal) => {
      const options = { queryOptions: { filter, select }, abortSignal };
      return (await this.#client.listEntities<Entity>(options).byPage({ maxPageSize: limit }).next()).value;
    });
    return [...((page ?? []) as Iterable<Entity>)].map((entity) => ({
      partition: entity.partitionKey,
      key: entity.rowKey,
      spilled: typeof entity.spill === 'string',
    }));
  }

  async #entities(
    partition: string,
    from: string,
    to: string,
    limit: number,
    select?: string[],
  ): Promise<Entity[]> {
    const filter = odata`PartitionKey eq ${partition} and RowKey ge ${from} and RowKey lt ${to}`;
    const queryOptions = select ? { filter, select } : { filter };
    const found: Entity[] = [];
    if (limit <= 0) return found;
    const maxPageSize = Math.min(limit, 1000);
    for (let continuationToken: string | undefined; ; ) {
      const paging = continuationToken ? { maxPageSize, continuationToken } : { maxPageSize };
      const page = await patiently(async (abortSignal) => {
        const pages = this.#client.listEntities<Entity>({ queryOptions, abortSignal }).byPage(paging);
        return (await pages.next()).value;
      });
      if (page) found.push(...(page as unknown as Entity[]));
      continuationToken = page?.continuationToken;
      if (found.length >= limit || !continuationToken) return found.slice(0, limit);
    }
  }

  async #row<T>(entity: Entity): Promise<Row<T>> {
    const columns: Record<string, string | number | boolean> = {};
    for (const [name, value] of Object.entries(entity)) {
      if (name.startsWith('c_')) columns[name.slice(2)] = value as string | number | boolean;
    }
    return {
      partition: entity.partitionKey,
      key: entity.rowKey,
      document: await readDocument<T>(entity, this.#spills),
      columns,
      etag: String(entity.etag),
      ...(typeof entity.spill === 'string' ? { spill: entity.spill } : {}),
    };
  }

  async #single(
    change: Change,
    action: TransactionAction,
    abortSignal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const entity = action[1];
    const done = async () => {
      switch (change.type) {
        case 'insert':
          return this.#client.createEntity(entity, { abortSignal });
        case 'upsert':
          return this.#client.upsertEntity(entity, 'Replace', { abortSignal });
        case 'replace':
          return this.#client.updateEntity(entity, 'Replace', { etag: change.etag, abortSignal });
        case 'merge':
          return this.#client.updateEntity(entity, 'Merge', { etag: change.etag, abortSignal });
        case 'delete':
          return this.#client.deleteEntity(entity.partitionKey, change.key, { abortSignal });
      }
    };
    const response = await done();
    return new Map([[change.key, String(('etag' in response && response.etag) || '')]]);
  }
}

/** Reads again when a row's document was replaced or deleted between the row and its blob. */
async function untilWhole<T>(read: () => Promise<T>): Promise<T> {
  for (let reads = 1; ; reads++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof SpillGone) || reads >= MAX_READS) throw error;
    }
  }
}

const isAscii = ([, entity]: TransactionAction): boolean =>
  Object.values(entity).every(
    (value) => typeof value !== 'string' || Buffer.byteLength(value) === value.length,
  );

const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;

function undefinedIfMissing(error: unknown): undefined {
  if (statusOf(error) === 404) return undefined;
  throw error;
}

/** 409: the row exists already. 412: it changed. 404 on a conditional write: it was deleted. */
function isConflict(error: unknown): boolean {
  const status = statusOf(error);
  return status === 409 || status === 412 || status === 404;
}

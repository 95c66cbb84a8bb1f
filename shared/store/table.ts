import { randomBytes } from 'node:crypto';
import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import type { ContainerClient } from '@azure/storage-blob';

import {
  type Columns,
  type Entity,
  encodeDocument,
  INLINE_UNITS,
  readDocument,
  spillName,
  writeSpill,
} from './document.ts';
import { patiently } from './patience.ts';
import { type Encoded, STAMP, toAction } from './table-action.ts';

/** A row of a {@link DocumentTable}: one JSON document, a few plain columns, and the version that was read. */
export interface Row<T> {
  readonly partition: string;
  readonly key: string;
  readonly document: T;
  readonly columns: Columns;
  readonly etag: string;
}

/** One change of an entity-group transaction. `etag: '*'` overwrites whatever is there. */
export type Change =
  | { readonly type: 'insert'; readonly key: string; readonly document?: unknown; readonly columns?: Columns }
  | {
      readonly type: 'replace';
      readonly key: string;
      readonly document: unknown;
      readonly columns?: Columns;
      readonly etag: string;
    }
  | { readonly type: 'upsert'; readonly key: string; readonly document: unknown; readonly columns?: Columns }
  /** Sets columns and leaves the document alone. */
  | { readonly type: 'merge'; readonly key: string; readonly columns: Columns; readonly etag: string }
  | { readonly type: 'delete'; readonly key: string };

/** Another writer was first: reload and decide again. */
export class Conflict extends Error {
  constructor(partition: string, options?: ErrorOptions) {
    super(`A row of partition '${partition}' changed since it was read.`, options);
    this.name = 'Conflict';
  }
}

/** Rows a transaction may hold. https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions */
export const MAX_TRANSACTION_ROWS = 100;
/** A transaction's payload is limited to 4 MiB; the rest is room for keys and framing. */
const MAX_TRANSACTION_BYTES = 3 * 1024 * 1024;

/** Documents in one table. The only place that speaks to the table service. */
export class DocumentTable {
  readonly #client: TableClient;
  readonly #spills: ContainerClient;

  constructor(client: TableClient, spills: ContainerClient) {
    this.#client = client;
    this.#spills = spills;
  }

  async get<T>(partition: string, key: string): Promise<Row<T> | undefined> {
    const entity = await this.#entity(partition, key);
    return entity && this.#row<T>(entity);
  }

  /**
   * All changes or none, within one partition. Returns the new ETags by key; when the first answer was lost,
   * only that of the first change.
   * @throws {Conflict}
   */
  async commit(partition: string, changes: readonly Change[]): Promise<ReadonlyMap<string, string>> {
    const texts = await this.#spillWhereTooLong(partition, changes);
    const stamp = randomBytes(9).toString('base64url');
    const actions = changes.map((change, i) => toAction(partition, change, texts[i], stamp));
    try {
      return await patiently((abortSignal) => this.#submit(changes, actions, abortSignal));
    } catch (error) {
      if (!isConflict(error)) throw error;
      const landed = await this.#landed(partition, changes, stamp);
      if (landed) return landed;
      throw new Conflict(partition, { cause: error });
    }
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
    const entities = await this.#entities(partition, from, to, limit);
    return Promise.all(entities.map((entity) => this.#row<T>(entity)));
  }

  /** Like {@link range}, but only the keys: for pointer rows and deletions. */
  async keys(partition: string, from: string, to: string, limit: number): Promise<string[]> {
    const entities = await this.#entities(partition, from, to, limit, ['RowKey']);
    return entities.map((entity) => entity.rowKey);
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
    };
  }

  /** Spills long documents, and then the longest ones until the transaction's payload fits. */
  async #spillWhereTooLong(partition: string, changes: readonly Change[]): Promise<(Encoded | undefined)[]> {
    const encoded = changes.map((change): Encoded | undefined => {
      if (change.type === 'merge' || change.type === 'delete') return undefined;
      const text = encodeDocument(change.document ?? null);
      return {
        key: change.key,
        text,
        bytes: Buffer.byteLength(JSON.stringify(text)),
        spill: text.length > INLINE_UNITS,
      };
    });
    const present = encoded.filter((entry) => entry !== undefined).sort((a, b) => b.bytes - a.bytes);
    let total = present.reduce((sum, entry) => sum + (entry.spill ? 0 : entry.bytes), 0);
    for (const entry of present) {
      if (entry.spill || total <= MAX_TRANSACTION_BYTES) continue;
      entry.spill = true;
      total -= entry.bytes;
    }
    await Promise.all(
      present
        .filter((entry) => entry.spill)
        .map((entry) => writeSpill(this.#spills, spillName(partition, entry.key, entry.text), entry.text)),
    );
    return encoded;
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

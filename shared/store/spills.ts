import type { ContainerClient } from '@azure/storage-blob';

/** The blob that a row names is gone: the row was replaced or deleted after it was read. */
export class SpillGone extends Error {
  constructor(name: string, options?: ErrorOptions) {
    super(`The long document '${name}' is gone.`, options);
    this.name = 'SpillGone';
  }
}

/** Documents too long for their rows: blobs that the rows name, under `PARTITION/ROWKEY/`. */
export class Spills {
  readonly #container: ContainerClient;

  constructor(container: ContainerClient) {
    this.#container = container;
  }

  async write(name: string, text: string): Promise<void> {
    await this.#container.getBlockBlobClient(name).uploadData(Buffer.from(text, 'utf8'), {
      blobHTTPHeaders: { blobContentType: 'application/json' },
    });
  }

  /** @throws {SpillGone} */
  async read(name: string): Promise<string> {
    try {
      return (await this.#container.getBlockBlobClient(name).downloadToBuffer()).toString('utf8');
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
      throw new SpillGone(name, { cause: error });
    }
  }

  async delete(name: string): Promise<void> {
    await this.#container.getBlockBlobClient(name).deleteIfExists();
  }

  /** Deletes all that was ever written for a row, or for all rows of a partition. */
  async clear(partition: string, rowKey?: string): Promise<void> {
    const row = rowKey === undefined ? '' : `${encodeURIComponent(rowKey)}/`;
    const prefix = `${encodeURIComponent(partition)}/${row}`;
    for await (const { name } of this.#container.listBlobsFlat({ prefix })) await this.delete(name);
  }
}

/**
 * Each write has a name of its own, which no later one can have again: what a write replaces can be deleted
 * without asking whether somebody else is writing the same once more.
 */
export const spillName = (partition: string, rowKey: string, write: string): string =>
  `${encodeURIComponent(partition)}/${encodeURIComponent(rowKey)}/${write}`;

/** The name that the same write has given to the document of another row of its partition. */
export const spillBeside = (name: string, partition: string, rowKey: string): string =>
  spillName(partition, rowKey, name.slice(name.lastIndexOf('/') + 1));

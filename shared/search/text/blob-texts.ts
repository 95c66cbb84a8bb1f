import type { ContainerClient } from '@azure/storage-blob';

import { inBatches } from '../../store/in-batches.ts';
import { BlobGone, readRange, statusOf } from '../index/blobs.ts';
import type { TextName, TextStore } from './text-store.ts';

/** Texts as blobs `text/PROJECT/FILE/VERSION`. */
export class BlobTexts implements TextStore {
  readonly #container: ContainerClient;
  constructor(container: ContainerClient) {
    this.#container = container;
  }

  async use(name: TextName): Promise<Uint8Array | undefined> {
    try {
      // A new ETag: whoever decided a moment ago that nobody needs the text cannot delete it any more.
      await this.#container.getBlobClient(blobName(name)).setMetadata({ used: String(Date.now()) });
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
    return this.read(name);
  }

  async write(name: TextName, text: Uint8Array): Promise<void> {
    await this.#container.getBlockBlobClient(blobName(name)).uploadData(text, {
      blobHTTPHeaders: { blobContentType: 'text/plain; charset=utf-8' },
    });
  }

  read(name: TextName, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return readRange(this.#container, blobName(name), 0, undefined, signal).catch(undefinedIfGone);
  }

  readPart(
    name: TextName,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    return readRange(this.#container, blobName(name), start, end - start, signal).catch(undefinedIfGone);
  }

  async discard(project: string, fileId: string, isHeld: () => Promise<boolean>): Promise<void> {
    const blobs: { name: string; etag: string }[] = [];
    const prefix = filePrefix(project, fileId);
    for await (const { name, properties } of this.#container.listBlobsFlat({ prefix })) {
      blobs.push({ name, etag: quoted(properties.etag) });
    }
    if (blobs.length === 0 || (await isHeld())) return;
    await inBatches(blobs, async ({ name, etag }) => {
      try {
        await this.#container.getBlobClient(name).delete({ conditions: { ifMatch: etag } });
      } catch (error) {
        // Gone already, or in use again.
        if (![404, 412].includes(statusOf(error) ?? 0)) throw error;
      }
    });
  }
}

function undefinedIfGone(error: unknown): undefined {
  if (error instanceof BlobGone) return undefined;
  throw error;
}

/** Listings give ETags without the quotation marks that conditions want. */
const quoted = (etag: string): string => (etag.startsWith('"') ? etag : `"${etag}"`);

const filePrefix = (project: string, fileId: string): string =>
  `text/${encodeURIComponent(project)}/${encodeURIComponent(fileId)}/`;

const blobName = ({ project, fileId, version }: TextName): string =>
  `${filePrefix(project, fileId)}${version}`;

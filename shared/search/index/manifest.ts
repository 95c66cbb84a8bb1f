import type { ContainerClient } from '@azure/storage-blob';

import type { Attributes } from '../filter.ts';
import type { StoreName } from '../search-index.ts';
import { collect, indexPrefix, statusOf } from './blobs.ts';
import type { SegmentSizes } from './segment.ts';

/**
 * What an index consists of. One small blob, replaced under its ETag; whatever it names is complete, and what it
 * does not name any more is deleted when its last readers are done.
 */
export interface Manifest {
  readonly format: 1;
  /** Append blobs in the order in which they were begun; only the last takes entries. */
  readonly logs: readonly string[];
  readonly segments: readonly SegmentInfo[];
  /** Removals that a late append must still meet: file, attempt, Unix seconds. */
  readonly removed: readonly (readonly [fileId: string, attempt: number, at: number])[];
  /** Attributes of files that have not been appended yet, likewise. */
  readonly attributes: readonly AttributesAhead[];
  /** Blobs that are not used any more: name, Unix milliseconds. */
  readonly garbage: readonly (readonly [name: string, at: number])[];
}

export interface AttributesAhead {
  readonly fileId: string;
  readonly attributes: Attributes | null;
  readonly revision: number;
  /** Unix seconds. */
  readonly at: number;
}

export interface SegmentInfo {
  readonly name: string;
  readonly passages: number;
  readonly sizes: SegmentSizes;
}

export const bytesOfSegment = ({ sizes }: SegmentInfo): number => sizes.head + sizes.lists + sizes.vectors;

export interface StoredManifest {
  readonly manifest: Manifest;
  readonly etag: string;
}

export class Manifests {
  readonly #container: ContainerClient;
  constructor(container: ContainerClient) {
    this.#container = container;
  }

  /** @param known is given back when nothing has changed since */
  async read(store: StoreName, known?: StoredManifest): Promise<StoredManifest | undefined> {
    try {
      const response = await this.#blob(store).download(0, undefined, {
        conditions: known ? { ifNoneMatch: known.etag } : {},
        maxRetryRequests: 3,
      });
      const text = await collect(response.readableStreamBody as AsyncIterable<Buffer>);
      return { manifest: JSON.parse(text.toString('utf8')) as Manifest, etag: response.etag ?? '' };
    } catch (error) {
      if (statusOf(error) === 304) return known;
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /**
   * @param expected the manifest that this one was made from; undefined: there was none
   * @returns undefined when somebody else was first
   */
  async replace(
    store: StoreName,
    manifest: Manifest,
    expected: StoredManifest | undefined,
  ): Promise<StoredManifest | undefined> {
    const body = Buffer.from(JSON.stringify(manifest));
    try {
      const { etag = '' } = await this.#blob(store).upload(body, body.length, {
        conditions: expected ? { ifMatch: expected.etag } : { ifNoneMatch: '*' },
        blobHTTPHeaders: { blobContentType: 'application/json' },
      });
      return { manifest, etag };
    } catch (error) {
      // 404: the whole index was dropped meanwhile.
      if (![404, 409, 412].includes(statusOf(error) ?? 0)) throw error;
      // The answer to an attempt that succeeded may have been lost.
      const stored = await this.read(store);
      return stored && sameBytes(stored.manifest, manifest) ? stored : undefined;
    }
  }

  #blob(store: StoreName) {
    return this.#container.getBlockBlobClient(`${indexPrefix(store)}manifest.json`);
  }
}

/** Names of logs and segments are never given twice, so a manifest is like no other. */
const sameBytes = (one: Manifest, other: Manifest): boolean => JSON.stringify(one) === JSON.stringify(other);

import type { ContainerClient } from '@azure/storage-blob';

import { BlobGone, indexPrefix, readRange, statusOf } from '../index/blobs.ts';
import { packVectors, unpackVectors } from '../index/vectors.ts';
import type { DraftName, VectorDrafts } from './vector-draft.ts';

/** Number of the first vector, how many there are, and their dimensions. */
const HEADER_BYTES = 12;

/**
 * Drafts as append blobs beside the index, one block each time. Blocks may stand there twice (of two workers, or of
 * one whose answer was lost): the first that goes on from the one before counts.
 */
export class BlobDrafts implements VectorDrafts {
  readonly #container: ContainerClient;
  constructor(container: ContainerClient) {
    this.#container = container;
  }

  async read(name: DraftName): Promise<Float32Array[]> {
    const bytes = await readRange(this.#container, blobName(name), 0).catch((error: unknown) => {
      if (error instanceof BlobGone) return Buffer.alloc(0);
      throw error;
    });
    const vectors: Float32Array[] = [];
    for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
      const [from, count, dimensions] = [0, 4, 8].map((offset) => bytes.readUInt32LE(at + offset)) as [
        number,
        number,
        number,
      ];
      const scalesAt = at + HEADER_BYTES;
      const valuesAt = scalesAt + count * 4;
      at = valuesAt + count * dimensions;
      if (from > vectors.length || from + count <= vectors.length) continue;
      const unpacked = unpackVectors({
        dimensions,
        scales: new Float32Array(Uint8Array.from(bytes.subarray(scalesAt, valuesAt)).buffer),
        values: Int8Array.from(bytes.subarray(valuesAt, at), (byte) => (byte << 24) >> 24),
      });
      vectors.push(...unpacked.slice(vectors.length - from));
    }
    return vectors;
  }

  async save(name: DraftName, from: number, vectors: readonly Float32Array[]): Promise<void> {
    if (vectors.length === 0) return;
    const { dimensions, scales, values } = packVectors(vectors, vectors[0]?.length ?? 0);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(from, 0);
    header.writeUInt32LE(vectors.length, 4);
    header.writeUInt32LE(dimensions, 8);
    const block = Buffer.concat([header, Buffer.from(scales.buffer), Buffer.from(values.buffer)]);
    const blob = this.#container.getAppendBlobClient(blobName(name));
    try {
      await blob.appendBlock(block, block.length);
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      await blob.createIfNotExists();
      await blob.appendBlock(block, block.length);
    }
  }

  async discard(name: DraftName): Promise<void> {
    await this.#container.getBlobClient(blobName(name)).deleteIfExists();
  }
}

const blobName = ({ store, fileId, attempt }: DraftName): string =>
  `${indexPrefix(store)}draft-${encodeURIComponent(fileId)}-${attempt}`;

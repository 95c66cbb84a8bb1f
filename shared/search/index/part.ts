import type { ContainerClient } from '@azure/storage-blob';

import { readRange } from './blobs.ts';
import type { ByteCache } from './byte-cache.ts';
import { bytesOfSegment, type SegmentInfo } from './manifest.ts';
import { decodeHead, decodeSegment, type Segment, type SegmentHead } from './segment.ts';

/** A segment as a search reads it: its head at once, words' lists and vectors as far as they are asked for. */
export interface Part {
  readonly head: SegmentHead;
  /** Bytes that are held by holding the part. */
  readonly bytes: number;
  list(word: number): Promise<Uint8Array> | Uint8Array;
  /** Vectors are read in blocks of so many. */
  readonly blockVectors: number;
  block(index: number): Promise<Int8Array> | Int8Array;
}

/** Smaller segments are read in one request and kept whole. */
const WHOLE_BYTES = 4 * 1024 * 1024;
const PAGE_BYTES = 256 * 1024;
const BLOCK_BYTES = 2 * 1024 * 1024;

export function partInMemory(segment: Segment, bytes: number): Part {
  return {
    head: segment,
    bytes,
    list: (word) => segment.lists.subarray(segment.offsets[word], segment.offsets[word + 1]),
    blockVectors: Math.max(1, segment.starts.length),
    block: () => segment.values,
  };
}

/** @throws {BlobGone} */
export async function partInBlob(
  container: ContainerClient,
  cache: ByteCache,
  info: SegmentInfo,
): Promise<Part> {
  const total = bytesOfSegment(info);
  const { name, sizes } = info;
  if (total <= WHOLE_BYTES) {
    const bytes = await readRange(container, name, 0, total);
    return partInMemory(decodeSegment(bytes, sizes), total);
  }
  const head = decodeHead(await readRange(container, name, 0, sizes.head));
  const pages = new PagedRange(container, cache, name, sizes.head, sizes.lists);
  const blockVectors = Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, head.dimensions)));
  const blockBytes = blockVectors * head.dimensions;
  return {
    head,
    bytes: sizes.head,
    list: (word) => pages.read(head.offsets[word] as number, head.offsets[word + 1] as number),
    blockVectors,
    block: async (index) => {
      const count = Math.min(blockBytes, sizes.vectors - index * blockBytes);
      const bytes = await cache.load(
        `${name}#vectors${index}`,
        ({ length }: Buffer) => length,
        () => readRange(container, name, sizes.head + sizes.lists + index * blockBytes, count),
      );
      return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    },
  };
}

/** Part of a blob, read and kept in pages. */
class PagedRange {
  readonly #container: ContainerClient;
  readonly #cache: ByteCache;
  readonly #name: string;
  readonly #from: number;
  readonly #length: number;

  constructor(container: ContainerClient, cache: ByteCache, name: string, from: number, length: number) {
    this.#container = container;
    this.#cache = cache;
    this.#name = name;
    this.#from = from;
    this.#length = length;
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    const first = Math.floor(start / PAGE_BYTES);
    const last = Math.floor((end - 1) / PAGE_BYTES);
    // A list that crosses pages comes in one request, unless all of it is there.
    if (first === last)
      return (await this.#page(first)).subarray(start - first * PAGE_BYTES, end - first * PAGE_BYTES);
    return this.#cache.load(
      `${this.#name}#lists${start}-${end}`,
      ({ length }: Buffer) => length,
      () => readRange(this.#container, this.#name, this.#from + start, end - start),
    );
  }

  #page(index: number): Promise<Buffer> {
    const start = index * PAGE_BYTES;
    return this.#cache.load(
      `${this.#name}#page${index}`,
      ({ length }: Buffer) => length,
      () =>
        readRange(
          this.#container,
          this.#name,
          this.#from + start,
          Math.min(PAGE_BYTES, this.#length - start),
        ),
    );
  }
}

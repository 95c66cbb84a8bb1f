import type { Attributes } from '../filter.ts';
import type { Postings } from './postings.ts';
import type { PackedVectors } from './vectors.ts';

/**
 * Passages of some files, ready to be searched: in an entry of the log, or in a blob of its own, in the same bytes:
 * head (files, places, lengths, scales, words), then the words' lists, then the vectors. Lists and vectors can be
 * read in part.
 */
export interface Segment extends SegmentHead {
  readonly lists: Uint8Array;
  readonly values: Int8Array;
}

export interface SegmentHead {
  readonly files: readonly SegmentFile[];
  readonly dimensions: number;
  /** Where each passage begins and ends in its file's text, in bytes. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Words of each passage. */
  readonly lengths: Uint16Array;
  /** Words of all passages. */
  readonly totalLength: number;
  readonly scales: Float32Array;
  readonly terms: Uint32Array;
  readonly offsets: Uint32Array;
}

/** A file's passages follow each other: `count` of them from `first` on. */
export interface SegmentFile {
  readonly fileId: string;
  readonly attempt: number;
  readonly fileName: string;
  readonly attributes: Attributes | null;
  readonly revision: number;
  readonly textVersion: number;
  readonly first: number;
  readonly count: number;
}

/** Sizes in bytes of the three parts of a segment, by which it is read in part. */
export interface SegmentSizes {
  readonly head: number;
  readonly lists: number;
  readonly vectors: number;
}

export const MAX_LENGTH = 0xffff;

const MAGIC = 0x31736768;
const PREFIX_BYTES = 8;

interface Description {
  readonly files: readonly SegmentFile[];
  readonly dimensions: number;
  readonly passages: number;
  readonly terms: number;
}

export interface SegmentParts {
  readonly files: readonly SegmentFile[];
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly lengths: Uint16Array;
  readonly postings: Postings;
  readonly vectors: PackedVectors;
}

/** The bytes of a segment, in pieces to be written one after the other. */
export function encodeSegment(parts: SegmentParts): { pieces: Uint8Array[]; sizes: SegmentSizes } {
  const { files, postings, vectors, starts } = parts;
  const description: Description = {
    files,
    dimensions: vectors.dimensions,
    passages: starts.length,
    terms: postings.terms.length,
  };
  const text = Buffer.from(JSON.stringify(description));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(MAGIC, 0);
  prefix.writeUInt32LE(text.length, 4);
  const head = [
    prefix,
    text,
    bytesOf(starts),
    bytesOf(parts.ends),
    bytesOf(vectors.scales),
    bytesOf(postings.terms),
    bytesOf(postings.offsets),
    bytesOf(parts.lengths),
  ];
  const sizes = {
    head: head.reduce((sum, { length }) => sum + length, 0),
    lists: postings.lists.length,
    vectors: vectors.values.length,
  };
  return { pieces: [...head, postings.lists, bytesOf(vectors.values)], sizes };
}

export function decodeSegment(bytes: Uint8Array, sizes: SegmentSizes): Segment {
  const lists = bytes.subarray(sizes.head, sizes.head + sizes.lists);
  const from = sizes.head + sizes.lists;
  const vectors = bytes.subarray(from, from + sizes.vectors);
  const values = new Int8Array(vectors.buffer, vectors.byteOffset, vectors.length);
  return { ...decodeHead(bytes.subarray(0, sizes.head)), lists, values };
}

export function decodeHead(bytes: Uint8Array): SegmentHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new Error('This is no segment of an index.');
  const textBytes = view.getUint32(4, true);
  let at = PREFIX_BYTES + textBytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + PREFIX_BYTES, textBytes).toString('utf8');
  const { files, dimensions, passages, terms } = JSON.parse(text) as Description;
  /** Copied: arrays of longer numbers must begin at a multiple of their size. */
  const next = (length: number) => {
    const copy = new Uint8Array(bytes.subarray(at, at + length));
    at += length;
    return copy.buffer;
  };
  const head = {
    files,
    dimensions,
    starts: new Uint32Array(next(passages * 4)),
    ends: new Uint32Array(next(passages * 4)),
    scales: new Float32Array(next(passages * 4)),
    terms: new Uint32Array(next(terms * 4)),
    offsets: new Uint32Array(next((terms + 1) * 4)),
    lengths: new Uint16Array(next(passages * 2)),
  };
  return { ...head, totalLength: head.lengths.reduce((sum, length) => sum + length, 0) };
}

const bytesOf = (array: Uint8Array | Int8Array | Uint16Array | Uint32Array | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

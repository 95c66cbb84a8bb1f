/**
 * Which passages a word stands in, and how often: for each word (by its number) a list in bytes. The first number
 * of a list is that of its passages; then, for each, twice the distance from the one before, plus one when how
 * often follows (once is the usual case). Numbers take seven bits a byte, the lowest first.
 */
export interface Postings {
  /** The words, in ascending order. */
  readonly terms: Uint32Array;
  /** Where the list of each begins in `lists`; one more than there are words. */
  readonly offsets: Uint32Array;
  readonly lists: Uint8Array;
}

/** More often counts as this often: a score grows hardly beyond it. */
const MOST = 255;

/** Grows as it is written to. */
export class ByteWriter {
  #bytes: Uint8Array;
  length = 0;
  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  number(value: number): void {
    if (this.length + 5 > this.#bytes.length) this.#grow(5);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.length++] = rest;
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }

  #grow(by: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + by));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Calls back for each passage of one list, in ascending order. @returns how many there are */
export function readList(
  list: Uint8Array,
  each: (passage: number, times: number) => void = () => undefined,
): number {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = list[at++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  const count = number();
  let passage = 0;
  for (let i = 0; i < count; i++) {
    const step = number();
    passage += step >>> 1;
    each(passage, step & 1 ? number() : 1);
  }
  return count;
}

/** Of how many passages a list is, without reading on. */
export function listLength(list: Uint8Array): number {
  let value = 0;
  for (let at = 0, shift = 0; ; at++, shift += 7) {
    const byte = list[at] ?? 0;
    value |= (byte & 127) << shift;
    if (byte < 128) return value >>> 0;
  }
}

/** @param passages the counts of each passage's words, in order */
export function buildPostings(passages: readonly ReadonlyMap<number, number>[]): Postings {
  const entries = new Float64Array(passages.reduce((sum, { size }) => sum + size, 0));
  // One number holds word, passage and count, and sorts by the first two: 32, 13 and 8 bits.
  if (passages.length > 1 << 13) throw new RangeError('Too many passages at once.');
  let at = 0;
  for (const [passage, counts] of passages.entries()) {
    for (const [term, times] of counts)
      entries[at++] = (term * (1 << 13) + passage) * 256 + Math.min(times, MOST);
  }
  entries.sort();
  const terms: number[] = [];
  const offsets: number[] = [];
  const writer = new ByteWriter(entries.length * 2);
  for (let begin = 0; begin < entries.length; ) {
    const term = Math.floor((entries[begin] as number) / (256 * (1 << 13)));
    const limit = (term + 1) * (1 << 13) * 256;
    let end = begin;
    while (end < entries.length && (entries[end] as number) < limit) end++;
    terms.push(term);
    offsets.push(writer.length);
    writer.number(end - begin);
    let previous = 0;
    for (; begin < end; begin++) {
      const rest = (entries[begin] as number) - term * (1 << 13) * 256;
      const passage = Math.floor(rest / 256);
      const times = rest % 256;
      writer.number((passage - previous) * 2 + (times > 1 ? 1 : 0));
      if (times > 1) writer.number(times);
      previous = passage;
    }
  }
  offsets.push(writer.length);
  return { terms: Uint32Array.from(terms), offsets: Uint32Array.from(offsets), lists: writer.take() };
}

/** One of the lists that are merged, and the new numbers of its passages (ascending; below 0: dropped). */
export interface MergeInput {
  readonly postings: Postings;
  readonly renumbered: Int32Array;
}

/** Lists that are merged in one go; more are merged in rounds, since each word looks at all of them. */
const AT_ONCE = 16;
/** Words between two looks at the clock. */
const WORDS_AT_ONCE = 2048;

/**
 * One list a word out of several, whose passages' new numbers must ascend from input to input.
 * @param breathe called now and then, so that other work of the process goes on
 */
export async function mergePostings(
  inputs: readonly MergeInput[],
  breathe: () => Promise<void>,
): Promise<Postings> {
  if (inputs.length <= AT_ONCE) return mergeFew(inputs, breathe);
  const groups: MergeInput[] = [];
  for (let at = 0; at < inputs.length; at += AT_ONCE) {
    const group = inputs.slice(at, at + AT_ONCE);
    const size =
      Math.max(...group.map(({ renumbered }) => renumbered.reduce((a, b) => Math.max(a, b), -1))) + 1;
    groups.push({
      postings: await mergeFew(group, breathe),
      renumbered: Int32Array.from({ length: size }, (_, index) => index),
    });
  }
  return mergePostings(groups, breathe);
}

async function mergeFew(inputs: readonly MergeInput[], breathe: () => Promise<void>): Promise<Postings> {
  const heads = inputs.map(() => 0);
  const largest = inputs.reduce((sum, { postings }) => sum + postings.terms.length, 0);
  const terms = new Uint32Array(largest);
  const offsets = new Uint32Array(largest + 1);
  const writer = new ByteWriter(inputs.reduce((sum, { postings }) => sum + postings.lists.length, 1024));
  const list: number[] = [];
  let words = 0;
  for (let seen = 0; ; seen++) {
    if (seen % WORDS_AT_ONCE === 0) await breathe();
    const term = leastTerm(inputs, heads);
    if (term === undefined) break;
    list.length = 0;
    for (const [index, { postings, renumbered }] of inputs.entries()) {
      const head = heads[index] as number;
      if (postings.terms[head] !== term) continue;
      heads[index] = head + 1;
      readList(postings.lists.subarray(postings.offsets[head], postings.offsets[head + 1]), (old, times) => {
        const passage = renumbered[old] ?? -1;
        if (passage >= 0) list.push(passage, times);
      });
    }
    if (list.length === 0) continue;
    terms[words] = term;
    offsets[words] = writer.length;
    words += 1;
    writeList(writer, list);
  }
  offsets[words] = writer.length;
  return { terms: terms.slice(0, words), offsets: offsets.slice(0, words + 1), lists: writer.take() };
}

function leastTerm(inputs: readonly MergeInput[], heads: readonly number[]): number | undefined {
  let least: number | undefined;
  for (let index = 0; index < inputs.length; index++) {
    const term = inputs[index]?.postings.terms[heads[index] as number];
    if (term !== undefined && (least === undefined || term < least)) least = term;
  }
  return least;
}

/** @param list passages and counts by turns */
function writeList(writer: ByteWriter, list: readonly number[]): void {
  writer.number(list.length / 2);
  let previous = 0;
  for (let i = 0; i < list.length; i += 2) {
    const passage = list[i] as number;
    const times = list[i + 1] as number;
    writer.number((passage - previous) * 2 + (times > 1 ? 1 : 0));
    if (times > 1) writer.number(times);
    previous = passage;
  }
}

/** Where a word's list is, or -1. */
export function findTerm(terms: Uint32Array, term: number): number {
  let low = 0;
  let high = terms.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = terms[middle] as number;
    if (found === term) return middle;
    if (found < term) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

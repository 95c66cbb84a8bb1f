import { type NewIndexFile, WrongDimensions } from '../search-index.ts';
import { breather } from './breathe.ts';
import { buildPostings, type MergeInput, mergePostings, type Postings } from './postings.ts';
import { MAX_LENGTH, type Segment, type SegmentFile, type SegmentParts } from './segment.ts';
import { countTerms } from './terms.ts';
import { packVectors } from './vectors.ts';

/** Passages whose words are sorted in one go. */
const PASSAGES_AT_ONCE = 128;

/** One file as a segment. */
export async function segmentOfFile(file: NewIndexFile): Promise<SegmentParts> {
  const { passages, vectors, text } = file;
  const dimensions = vectors[0]?.length ?? 0;
  const odd = vectors.find(({ length }) => length !== dimensions);
  if (odd) throw new WrongDimensions(odd.length, dimensions);
  if (vectors.length !== passages.length)
    throw new RangeError(`${passages.length} passages have ${vectors.length} vectors.`);
  const breathe = breather();
  const lengths = new Uint16Array(passages.length);
  const inputs: MergeInput[] = [];
  // A passage is found by its file's name too.
  const name = countTerms(file.fileName);
  let batch: ReadonlyMap<number, number>[] = [];
  const finish = () => {
    const before = inputs.reduce((sum, { renumbered }) => sum + renumbered.length, 0);
    inputs.push({ postings: buildPostings(batch), renumbered: range(before, batch.length) });
    batch = [];
  };
  for (const [index, { start, end }] of passages.entries()) {
    const { counts, length } = countTerms(decoder.decode(text.subarray(start, end)));
    const all = new Map(counts);
    for (const term of name.counts.keys()) all.set(term, all.get(term) ?? 1);
    lengths[index] = Math.min(length, MAX_LENGTH);
    batch.push(all);
    if (batch.length === PASSAGES_AT_ONCE) finish();
    await breathe();
  }
  if (batch.length > 0) finish();
  return {
    files: [describe(file)],
    starts: Uint32Array.from(passages, ({ start }) => start),
    ends: Uint32Array.from(passages, ({ end }) => end),
    lengths,
    postings: inputs.length === 1 ? (inputs[0] as MergeInput).postings : await mergePostings(inputs, breathe),
    vectors: packVectors(vectors, dimensions),
  };
}

const decoder = new TextDecoder();

const describe = (file: NewIndexFile): SegmentFile => ({
  fileId: file.fileId,
  attempt: file.attempt,
  fileName: file.fileName,
  attributes: file.attributes,
  revision: file.revision ?? 0,
  textVersion: file.textVersion,
  first: 0,
  count: file.passages.length,
});

const range = (from: number, count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, index) => from + index);

/** What stays of a segment when it is merged: its files, as they are now. */
export interface Kept {
  readonly segment: Segment;
  readonly files: readonly SegmentFile[];
}

/** Several segments as one, without the files that are not kept. */
export async function mergeSegments(kept: readonly Kept[], dimensions: number): Promise<SegmentParts> {
  const breathe = breather();
  const passages = kept.reduce((sum, { files }) => sum + files.reduce((all, { count }) => all + count, 0), 0);
  const merged = {
    files: [] as SegmentFile[],
    starts: new Uint32Array(passages),
    ends: new Uint32Array(passages),
    lengths: new Uint16Array(passages),
    vectors: {
      dimensions,
      values: new Int8Array(passages * dimensions),
      scales: new Float32Array(passages),
    },
  };
  const inputs: MergeInput[] = [];
  let at = 0;
  for (const { segment, files } of kept) {
    const renumbered = new Int32Array(segment.starts.length).fill(-1);
    for (const file of files) {
      const { first, count } = file;
      const end = first + count;
      for (let index = 0; index < count; index++) renumbered[first + index] = at + index;
      merged.starts.set(segment.starts.subarray(first, end), at);
      merged.ends.set(segment.ends.subarray(first, end), at);
      merged.lengths.set(segment.lengths.subarray(first, end), at);
      merged.vectors.scales.set(segment.scales.subarray(first, end), at);
      merged.vectors.values.set(
        segment.values.subarray(first * dimensions, end * dimensions),
        at * dimensions,
      );
      merged.files.push({ ...file, first: at });
      at += count;
    }
    inputs.push({ postings: postingsOf(segment), renumbered });
    await breathe();
  }
  return { ...merged, postings: await mergePostings(inputs, breathe) };
}

const postingsOf = ({ terms, offsets, lists }: Segment): Postings => ({ terms, offsets, lists });

import type { Filter } from '../filter.ts';
import { matches } from '../filter.ts';
import { breather } from './breathe.ts';
import type { Part } from './part.ts';
import { findTerm, listLength, readList } from './postings.ts';
import type { SegmentFile } from './segment.ts';
import { cosines, type PackedQuery } from './vectors.ts';
import type { Contents } from './view.ts';

/** Of each half; what none of them has among its best is not looked at further. */
const BEST_OF_EACH = 50;
/** BM25's usual constants: how soon repetition stops to count, and how much long passages are held back. */
const K1 = 1.2;
const B = 0.75;
/** Blocks of vectors that are read ahead of the one that is looked at. */
const READ_AHEAD = 4;
/** In large indexes a word that stands in more than this share of the passages tells none of them apart. */
const COMMON_SHARE = 0.4;
const LARGE = 5_000;

/** A passage that one of the halves has among its best. */
export interface Candidate {
  readonly part: number;
  readonly file: SegmentFile;
  readonly passage: number;
  /** Of the query's vector; 0 when there is none. */
  readonly cosine: number;
  /** Share of the query's words that stand in it, by their rarity and number: 0 and up. */
  readonly words: number;
}

export interface Candidates {
  readonly best: readonly Candidate[];
  /** How near a passage is to the query that has nothing to do with it. */
  readonly usualCosine: number;
}

interface Scored {
  readonly live: readonly SegmentFile[];
  readonly cosines: Float32Array;
  readonly words: Float32Array;
}

export interface CandidateQuery {
  readonly terms: readonly number[];
  readonly vector: PackedQuery | undefined;
  readonly filter: Filter | undefined;
}

/** Looks at every passage. @throws {BlobGone} */
export async function candidates(contents: Contents, query: CandidateQuery): Promise<Candidates> {
  const { filter } = query;
  const parts: (Scored & { part: Part })[] = contents.parts.map((part, index) => ({
    part,
    live: (contents.live[index] ?? []).filter(({ attributes }) => !filter || matches(filter, attributes)),
    cosines: new Float32Array(part.head.starts.length),
    words: new Float32Array(part.head.starts.length),
  }));
  const searched = parts.filter(({ live }) => live.length > 0);
  await Promise.all([
    query.vector ? compareVectors(searched, query.vector) : undefined,
    countWords(
      searched,
      contents.parts.map(({ head }) => head),
      query.terms,
    ),
  ]);
  return collectBest(parts, query);
}

async function compareVectors(
  parts: readonly (Scored & { part: Part })[],
  query: PackedQuery,
): Promise<void> {
  const breathe = breather();
  const blocks = parts.flatMap((scored) =>
    blocksOf(scored).map(([index, ranges]) => ({ scored, index, ranges })),
  );
  const reading: (Promise<Int8Array> | Int8Array)[] = [];
  const readAhead = (upTo: number) => {
    while (reading.length < Math.min(upTo, blocks.length)) {
      const { scored, index } = blocks[reading.length] as (typeof blocks)[number];
      const block = scored.part.block(index);
      // Awaited in its turn; until then a failure must not count as unhandled.
      if (block instanceof Promise) block.catch(() => undefined);
      reading.push(block);
    }
  };
  for (const [number, { scored, index, ranges }] of blocks.entries()) {
    readAhead(number + READ_AHEAD);
    const values = await (reading[number] as Promise<Int8Array> | Int8Array);
    reading[number] = new Int8Array(0);
    const { scales } = scored.part.head;
    const blockFirst = index * scored.part.blockVectors;
    for (const [first, count] of ranges) {
      cosines(query, values, first - blockFirst, scales, first, count, scored.cosines);
      await breathe();
    }
  }
}

/** Passages that are compared in one go. */
const RUN = 4096;

/** Which passages of which blocks are looked at: neighbouring files in one go. */
function blocksOf({ part, live }: Scored & { part: Part }): [number, [number, number][]][] {
  const blocks = new Map<number, [number, number][]>();
  for (const { first, count } of live) {
    for (let at = first; at < first + count; ) {
      const index = Math.floor(at / part.blockVectors);
      const end = Math.min(first + count, (index + 1) * part.blockVectors);
      const ranges = blocks.get(index) ?? [];
      const last = ranges.at(-1);
      if (last && last[0] + last[1] === at && last[1] < RUN) last[1] += end - at;
      else ranges.push([at, end - at]);
      blocks.set(index, ranges);
      at = end;
    }
  }
  return [...blocks].sort(([a], [b]) => a - b);
}

async function countWords(
  searched: readonly (Scored & { part: Part })[],
  heads: readonly Part['head'][],
  terms: readonly number[],
): Promise<void> {
  const breathe = breather();
  const total = heads.reduce((sum, { starts }) => sum + starts.length, 0);
  const length = heads.reduce((sum, head) => sum + head.totalLength, 0);
  const average = Math.max(1, length / Math.max(1, total));
  const lists = await Promise.all(
    usefulTerms(searched, terms, total).map(async (term) => ({
      found: await Promise.all(
        searched.flatMap((scored) => {
          const word = findTerm(scored.part.head.terms, term);
          return word < 0 ? [] : [Promise.resolve(scored.part.list(word)).then((list) => ({ scored, list }))];
        }),
      ),
    })),
  );
  const rarities = lists.map(({ found }) =>
    rarity(
      found.reduce((sum, { list }) => sum + listLength(list), 0),
      total,
    ),
  );
  const all = rarities.reduce((sum, each) => sum + each, 0);
  for (const [index, { found }] of lists.entries()) {
    const share = (rarities[index] as number) / all;
    for (const { scored, list } of found) {
      const { words } = scored;
      const { lengths } = scored.part.head;
      readList(list, (passage, times) => {
        const norm = K1 * (1 - B + (B * (lengths[passage] as number)) / average);
        words[passage] = (words[passage] as number) + (share * times * (K1 + 1)) / (times + norm);
      });
      await breathe();
    }
  }
}

const rarity = (having: number, total: number): number =>
  Math.log(1 + (Math.max(0, total - having) + 0.5) / (having + 0.5));

/** All of the query's words, but for those that stand nearly everywhere, unless there are no others. */
function usefulTerms(
  parts: readonly { readonly part: Part }[],
  terms: readonly number[],
  total: number,
): readonly number[] {
  if (total < LARGE) return terms;
  const useful = terms.filter((term) => {
    // A list has at least one byte for each passage: its length tells, before it is read.
    const bytes = parts.reduce((sum, { part: { head } }) => {
      const word = findTerm(head.terms, term);
      return word < 0 ? sum : sum + (head.offsets[word + 1] as number) - (head.offsets[word] as number);
    }, 0);
    return bytes < 1.5 * COMMON_SHARE * total;
  });
  return useful.length > 0 ? useful : terms;
}

function collectBest(parts: readonly (Scored & { part: Part })[], query: CandidateQuery): Candidates {
  const byCosine = new Best(BEST_OF_EACH);
  const byWords = new Best(BEST_OF_EACH);
  let sum = 0;
  let count = 0;
  for (const [part, { live, cosines, words }] of parts.entries()) {
    for (const file of live) {
      for (let passage = file.first; passage < file.first + file.count; passage++) {
        const cosine = cosines[passage] as number;
        const score = words[passage] as number;
        sum += cosine;
        count += 1;
        if (query.vector && byCosine.wants(cosine)) {
          byCosine.add(cosine, { part, file, passage, cosine, words: score });
        }
        if (score > 0 && byWords.wants(score)) {
          byWords.add(score, { part, file, passage, cosine, words: score });
        }
      }
    }
  }
  const best = new Map<string, Candidate>();
  for (const found of [...byWords.all(), ...byCosine.all()])
    best.set(`${found.part}/${found.passage}`, found);
  // The mean of few is no measure of what is usual.
  return { best: [...best.values()], usualCosine: count === 0 ? 0 : Math.max(0, sum / (count + 20)) };
}

/** Keeps the candidates with the highest keys. */
class Best {
  readonly #size: number;
  #kept: { readonly key: number; readonly candidate: Candidate }[] = [];
  #least = Number.NEGATIVE_INFINITY;
  constructor(size: number) {
    this.#size = size;
  }
  wants(key: number): boolean {
    return key > this.#least;
  }
  add(key: number, candidate: Candidate): void {
    this.#kept.push({ key, candidate });
    if (this.#kept.length >= 4 * this.#size) this.#cut();
  }
  all(): Candidate[] {
    this.#cut();
    return this.#kept.map(({ candidate }) => candidate);
  }
  #cut(): void {
    this.#kept.sort((a, b) => b.key - a.key);
    this.#kept = this.#kept.slice(0, this.#size);
    if (this.#kept.length === this.#size) this.#least = this.#kept.at(-1)?.key ?? this.#least;
  }
}

import { type Chunked, type ChunkSize, ExtractionError, MAX_FILE_TOKENS } from './extraction.ts';

/** A word with the spaces before and the line ends after it; longer runs are cut, which costs a token now and then. */
const PIECE = /[^\S\r\n]{0,24}\S{1,24}[\r\n]{0,24}|\s{1,24}/gu;
/** A passage may end this much earlier, where a paragraph or a sentence does. */
const EARLIER_SHARE = 0.2;
/** Pieces whose tokens are remembered. */
const REMEMBERED = 50_000;

/**
 * Divides a text into passages. They begin and end between words, and end with a paragraph, a sentence or a line
 * where one does within the last fifth.
 * @param countTokens of a short piece of text
 * @throws {ExtractionError} `invalid_file` beyond {@link MAX_FILE_TOKENS}
 */
export function chunkText(text: string, size: ChunkSize, countTokens: (piece: string) => number): Chunked {
  const { ends, tokens } = divide(text, countTokens);
  const count = ends.length;
  /** Tokens before piece `index`. */
  const before = (index: number) => (index === 0 ? 0 : (tokens[index - 1] as number));
  const startOf = (index: number) => (index === 0 ? 0 : (ends[index - 1] as number));
  const ranges: { start: number; end: number }[] = [];
  for (let from = 0; from < count; ) {
    let to = lastWithin(tokens, before(from) + size.maxTokens, from + 1);
    if (to < count) {
      const earliest = lastWithin(tokens, before(from) + size.maxTokens * (1 - EARLIER_SHARE), from + 1);
      to = bestEnd(text, ends, earliest, to);
    }
    const range = trimmed(text, startOf(from), ends[to - 1] as number);
    if (range) ranges.push(range);
    if (to >= count) break;
    let next = firstWithin(tokens, before(to) - size.overlapTokens, to);
    if (next <= from) next = from + 1;
    from = next;
  }
  return { passages: inBytes(text, ranges), tokens: before(count) };
}

/** Millions of them, in four bytes each. */
class Numbers {
  #numbers = new Uint32Array(1024);
  #count = 0;

  push(number: number): void {
    if (this.#count === this.#numbers.length) {
      const larger = new Uint32Array(2 * this.#count);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#count++] = number;
  }

  all(): Uint32Array {
    return this.#numbers.subarray(0, this.#count);
  }
}

/** Where each piece ends, and how many tokens there are up to its end. */
function divide(text: string, countTokens: (piece: string) => number) {
  const ends = new Numbers();
  const tokens = new Numbers();
  const known = new Map<string, number>();
  let total = 0;
  for (const match of text.matchAll(PIECE)) {
    const [piece] = match;
    let count = known.get(piece);
    if (count === undefined) {
      count = countTokens(piece);
      if (known.size >= REMEMBERED) known.clear();
      known.set(piece, count);
    }
    total += count;
    if (total > MAX_FILE_TOKENS) {
      throw new ExtractionError(
        'invalid_file',
        `The file has more than ${MAX_FILE_TOKENS.toLocaleString('en')} tokens, the most that is searched. Divide it.`,
      );
    }
    ends.push(match.index + piece.length);
    tokens.push(total);
  }
  return { ends: ends.all(), tokens: tokens.all() };
}

/** The number of leading pieces that have at most `limit` tokens together, and at least `least`. */
function lastWithin(tokens: Uint32Array, limit: number, least: number): number {
  let low = least;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tokens[middle - 1] as number) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The first piece before which at least `limit` tokens lie; not after `most`. */
function firstWithin(tokens: Uint32Array, limit: number, most: number): number {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((middle === 0 ? 0 : (tokens[middle - 1] as number)) >= limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

const SENTENCE_END = /(?:[.!?…][)"'’”\]]*|[。！？][」』”）]*)\s*$/u;

function bestEnd(text: string, ends: Uint32Array, earliest: number, latest: number): number {
  let best = latest;
  let bestRank = 0;
  for (let to = latest; to > earliest && to > 0; to--) {
    const end = ends[to - 1] as number;
    const piece = text.slice(Math.max(0, end - 32), end);
    const rank = /\n\s*\n\s*$/.test(piece) ? 3 : SENTENCE_END.test(piece) ? 2 : /\n\s*$/.test(piece) ? 1 : 0;
    if (rank <= bestRank) continue;
    best = to;
    bestRank = rank;
    if (rank === 3) break;
  }
  return best;
}

function trimmed(text: string, start: number, end: number): { start: number; end: number } | undefined {
  const piece = text.slice(start, end);
  const from = start + piece.length - piece.trimStart().length;
  const to = start + piece.trimEnd().length;
  return to > from ? { start: from, end: to } : undefined;
}

/** From characters to bytes of UTF-8. */
function inBytes(text: string, ranges: readonly { start: number; end: number }[]) {
  const places = [...new Set(ranges.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const bytes = new Map<number, number>();
  let at = 0;
  let total = 0;
  for (const place of places) {
    total += Buffer.byteLength(text.slice(at, place));
    at = place;
    bytes.set(place, total);
  }
  return ranges.map(({ start, end }) => ({
    start: bytes.get(start) as number,
    end: bytes.get(end) as number,
  }));
}

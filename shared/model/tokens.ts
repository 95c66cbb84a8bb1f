import { hash } from 'node:crypto';

/**
 * Token counts. The tokenizer's tables cost time and memory to load, so ask for a counter only when a cheap bound
 * ({@link tokenBound}) does not settle the question.
 */
export type TokenCounter = (text: string) => number;

type Encoding = 'o200k_base' | 'cl100k_base';

/**
 * The tokenizer's work grows with the square of the longest run that it must not split by itself (minutes for a text
 * of 256,000 characters without spaces), so longer runs are cut, which adds less than one token for each cut.
 */
const LONG_RUN = /\S{64}|\s{64}/gu;
/** Merged words that the tokenizer remembers. */
const MERGE_CACHE_SIZE = 20_000;
/** Texts whose count is remembered: a long thread is counted again in every run. */
const COUNT_CACHE_SIZE = 50_000;
/** Shorter texts are counted faster than looked up. */
const WORTH_REMEMBERING = 64;

const counters = new Map<Encoding, Promise<TokenCounter>>();

/** Counts as the model does, for the families of GPT models; for all others it is an estimate. */
export function tokenCounter(model: string): Promise<TokenCounter> {
  const encoding = encodingOf(model);
  const counter = counters.get(encoding) ?? loadCounter(encoding);
  counters.set(encoding, counter);
  counter.catch(() => counters.delete(encoding));
  return counter;
}

/** No text has more tokens than bytes in UTF-8. Takes no tokenizer. */
export const tokenBound = (text: string): number => Buffer.byteLength(text);

/** Older families by name (Azure writes 3.5 as 35); everything since gpt-4o, and everything unknown, is o200k. */
const encodingOf = (model: string): Encoding =>
  /(^|[^a-z])gpt-(3\.?5|4(?![\w.]|-[15]))|^gpt-4-(?!o)/i.test(model) ? 'cl100k_base' : 'o200k_base';

async function loadCounter(encoding: Encoding): Promise<TokenCounter> {
  const tokenizer =
    encoding === 'o200k_base'
      ? await import('gpt-tokenizer/encoding/o200k_base')
      : await import('gpt-tokenizer/encoding/cl100k_base');
  tokenizer.setMergeCacheSize(MERGE_CACHE_SIZE);
  // Users may write `<|endoftext|>`; it reaches the model as plain text.
  const options = { disallowedSpecial: new Set<string>() };
  const countPiece = (piece: string) => tokenizer.countTokens(piece, options);
  const remembered = new Map<string, number>();

  return (text) => {
    if (text.length < WORTH_REMEMBERING) return countPiece(text);
    const key = hash('sha1', text, 'base64');
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const count = countInPieces(text, countPiece);
    remembered.set(key, count);
    if (remembered.size > COUNT_CACHE_SIZE) {
      for (const oldest of remembered.keys()) {
        remembered.delete(oldest);
        break;
      }
    }
    return count;
  };
}

function countInPieces(text: string, countPiece: TokenCounter): number {
  let count = 0;
  let start = 0;
  for (const match of text.matchAll(LONG_RUN)) {
    const end = match.index + match[0].length;
    count += countPiece(text.slice(start, end));
    start = end;
  }
  return count + countPiece(text.slice(start));
}

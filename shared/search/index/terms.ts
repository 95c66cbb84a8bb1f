/**
 * The words of a text as numbers: what is counted in an index, and what a query asks for. Both sides of a search
 * must see the same words, so a change here is a new {@link TERMS_VERSION}.
 */
export const TERMS_VERSION = 1;

/** How often each word stands in a text, and how many words it has in all. */
export interface TermCounts {
  readonly counts: ReadonlyMap<number, number>;
  readonly length: number;
}

/** Runs of letters, marks and digits, joined by what stands inside of identifiers: `ERR_4012-X`, `v2.1`, `a@b.de`. */
const RUN = /[\p{L}\p{M}\p{N}]+(?:[_.\-/:@#'’+][\p{L}\p{M}\p{N}]+)*/gu;
const INNER = /[_.\-/:@#'’+]/;
const INNER_ALL = /[_.\-/:@#'’+]+/;
/** Scripts written without spaces between words: pairs of characters stand for words there. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const UNSPACED_RUN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{M}ー]+/gu;
const CAMEL = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/u;
/** A longer run is no word of any language, and its parts are told apart by their beginning. */
const LONGEST_WORD = 64;

export function countTerms(text: string): TermCounts {
  const counts = new Map<number, number>();
  let length = 0;
  const add = (word: string) => {
    const term = hashOf(word);
    counts.set(term, (counts.get(term) ?? 0) + 1);
    length += 1;
  };
  eachWord(text, add);
  return { counts, length };
}

/** What a query asks for, each word once. */
export const queryTerms = (text: string): number[] => [...new Set(wordsOf(text))].map(hashOf);

/** The words themselves, in order: for those who weigh them by other rules. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  eachWord(text, (word) => words.push(word));
  return words;
}

function eachWord(text: string, add: (word: string) => void): void {
  for (const [run] of text.normalize('NFKC').matchAll(RUN)) {
    if (UNSPACED.test(run)) addUnspaced(run, add);
    else addSpaced(run, add);
  }
}

/** An identifier counts whole and in its parts, so that it is found by either. */
function addSpaced(run: string, add: (word: string) => void): void {
  add(fold(run));
  const parts = INNER.test(run) ? run.split(INNER_ALL) : [run];
  if (parts.length > 1) for (const part of parts) add(fold(part));
  for (const part of parts) {
    if (part.length > LONGEST_WORD) continue;
    const humps = part.split(CAMEL);
    if (humps.length > 1) for (const hump of humps) add(fold(hump));
  }
}

function addUnspaced(run: string, add: (word: string) => void): void {
  let at = 0;
  for (const match of run.matchAll(UNSPACED_RUN)) {
    if (match.index > at) addAround(run.slice(at, match.index), add);
    at = match.index + match[0].length;
    const characters = [...match[0]];
    if (characters.length === 1) add(match[0]);
    for (let i = 1; i < characters.length; i++) add(`${characters[i - 1]}${characters[i]}`);
  }
  if (at < run.length) addAround(run.slice(at), add);
}

/** What stands between characters of such a script, as `API` in `使用API时`. */
function addAround(rest: string, add: (word: string) => void): void {
  for (const part of rest.split(INNER_ALL)) if (part !== '') addSpaced(part, add);
}

/** Case, accents and plain endings do not tell words apart: `Größen` and `grosse`, `stores` and `store`. */
export function fold(word: string): string {
  const plain = word
    .slice(0, LONGEST_WORD)
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .normalize('NFD')
    .replace(/\p{M}+/gu, '');
  return ENDING.test(plain) ? withoutEnding(singular(plain)) : singular(plain);
}

/** A plain word, long enough to have an ending. */
const ENDING = /^[a-z]{5,}$/;

/** German plurals and cases, mostly: `Hunde`, `Zecken`; other languages lose little by it. */
const withoutEnding = (word: string): string => word.replace(/(?<=^.{4,})(?:en|e|n)$/, '');

function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s') || !/^[a-z]+$/.test(word)) return word.replace(/['’]s$/, '');
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(ss|us|is)$/.test(word)) return word;
  return /(ch|sh|x|ss|zz)es$/.test(word) ? word.slice(0, -2) : word.slice(0, -1);
}

/** 32 bits, by MurmurHash3's mixing: of a million words some hundred share one, which blurs their counts and no more. */
export function hashOf(word: string): number {
  let hash = 0x9747b28c;
  for (let i = 0; i < word.length; i++) {
    let k = Math.imul(word.charCodeAt(i), 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    hash ^= Math.imul(k, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= word.length;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

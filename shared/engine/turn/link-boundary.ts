/**
 * Where a link ends. A name that merely begins like a kept file's is another file's: `data.xlsx` is not `data.xls`,
 * and `report (draft).pdf` is not `report`. In doubt a link leads nowhere.
 */

/** What stands around a link, and so decides what may follow its path. */
type Wrapping =
  /** `](…)`, with or without a title. */
  | { readonly kind: 'markdown' }
  /** `<…>`, also as a Markdown destination. */
  | { readonly kind: 'angle' }
  /** The value of an HTML attribute. */
  | { readonly kind: 'attribute'; readonly quote: string }
  /** Quoted, or a code span: the path may be all of it, or one word of it. */
  | { readonly kind: 'quoted'; readonly quote: string }
  | { readonly kind: 'bare' };

const QUOTES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '“': '”',
  '‘': '’',
  '«': '»',
  '「': '」',
  '『': '』',
  '《': '》',
};

/** Only there a path without `sandbox:` is a link for certain, and not a piece of code or prose. */
export const isDestination = ({ kind }: Wrapping): boolean => kind !== 'bare' && kind !== 'quoted';

export function wrappingAt(text: string, start: number): Wrapping {
  const before = text.slice(Math.max(0, start - 200), start);
  const line = text.slice(start, lineEnd(text, start));
  if (/\]\(\s*<$/.test(before) || before.endsWith('<')) {
    if (line.includes('>')) return { kind: 'angle' };
  }
  if (/\]\(\s*$/.test(before)) return { kind: 'markdown' };
  const quote = before.at(-1) ?? '';
  if ((quote === '"' || quote === "'") && /\b(?:href|src)\s*=\s*.$/i.test(before)) {
    if (line.includes(quote)) return { kind: 'attribute', quote };
  }
  const ticks = /`+$/.exec(before)?.[0];
  if (ticks !== undefined && line.includes(ticks)) return { kind: 'quoted', quote: ticks };
  const closing = QUOTES[quote];
  if (closing !== undefined && line.includes(closing)) return { kind: 'quoted', quote: closing };
  return { kind: 'bare' };
}

/**
 * Where the link ends whose name ends at `end`: there, or behind a query or fragment. Undefined when the path
 * goes on, so that it is not this name's.
 */
export function linkEnd(text: string, name: string, end: number, wrapping: Wrapping): number | undefined {
  if (endsAt(text, name, end, wrapping)) return end;
  const tail = hasExtension(name) ? tailLength(text, end) : 0;
  return tail > 0 && endsAt(text, name, end + tail, wrapping) ? end + tail : undefined;
}

function endsAt(text: string, name: string, end: number, wrapping: Wrapping): boolean {
  const rest = text.slice(end, lineEnd(text, end) + 1);
  switch (wrapping.kind) {
    case 'markdown':
      return closesDestination(text, end) && !opensBracket(name, rest);
    case 'angle':
      return rest.startsWith('>');
    case 'attribute':
      return rest.startsWith(wrapping.quote);
    case 'quoted':
      return rest.startsWith(wrapping.quote) || (hasExtension(name) && endsInProse(rest, name));
    case 'bare':
      return endsInProse(rest, name);
  }
}

const TITLE =
  /(?:\s{1,99}(?:"(?:[^"\\]|\\.){0,999}"|'(?:[^'\\]|\\.){0,999}'|\((?:[^()\\]|\\.){0,999}\)))?\s{0,99}\)/y;
/** What stands behind the bracket is still of the name, whose own brackets do not match: `a).csv)`. */
const NAME_GOES_ON = /\)[\w.-]{0,99}\.\w{1,9}\)/y;

function closesDestination(text: string, end: number): boolean {
  // An answer that was cut off.
  if (text.slice(end).trim() === '') return true;
  TITLE.lastIndex = end;
  NAME_GOES_ON.lastIndex = end;
  return TITLE.test(text) && !NAME_GOES_ON.test(text);
}

/** The name has a bracket that is open, and what follows closes it and then the destination: `(draft` of `(draft).pdf`. */
function opensBracket(name: string, rest: string): boolean {
  const open = depths(name).at(-1) ?? 0;
  return open > 0 && depths(rest).some((depth) => depth + open < 0);
}

/** How many brackets are open after each one, less those closed that were not opened. */
function depths(text: string): number[] {
  let depth = 0;
  return [...text.matchAll(/[()]/g)].map(([bracket]) => (bracket === '(' ? ++depth : --depth));
}

const SENTENCE = '。！？；：、，．…‥!?;:,.';
const CLOSERS = ')\\]}*\'’”»」』】》〉）］｝"';
/** Of scripts that put no space between words. */
const UNSPACED = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}';
const ONLY_PUNCTUATION = new RegExp(
  `^(?:[${SENTENCE}${CLOSERS}—–_-]|~~|\\p{Extended_Pictographic}|\\p{M})*$`,
  'u',
);
const NEXT_LINK = new RegExp(`^[${SENTENCE}${CLOSERS}|（(\\[-]+sandbox:`, 'iu');
/** Words of such a script, or what opens a bracket of theirs. A dash and a picture are no part of names either. */
const WORDS_FOLLOW = new RegExp(`^[${CLOSERS}]*(?:[—（【「]|[${UNSPACED}]|\\p{Extended_Pictographic})`, 'u');
const WORDS_FOLLOW_SENTENCE = /^[。！？；、，]/u;
const NAMES_A_FILE = /\.[\p{L}\p{N}]/u;

/** Whether a path may end before `rest` in running text. */
function endsInProse(rest: string, name: string): boolean {
  const word = /^[^\s<>"`|]*/.exec(rest)?.[0] ?? '';
  if (word === '') return !/^\s/.test(rest) || hasExtension(name) || !nameGoesOn(rest);
  if (ONLY_PUNCTUATION.test(word) || NEXT_LINK.test(word)) return true;
  // The text of a Markdown link; text that was escaped for HTML; a possessive; Markdown's hard line break.
  if (/^\][([:]/.test(word) || /^&(?:\w+|#\w+);/.test(word)) return true;
  if (/^['’]s[.,;:!?)]*$/.test(word) || word === '\\') return true;
  const own = word.split(/sandbox:/i)[0] ?? '';
  if (!hasExtension(name)) return WORDS_FOLLOW_SENTENCE.test(own) && !NAMES_A_FILE.test(own);
  if (WORDS_FOLLOW_SENTENCE.test(own)) return true;
  return WORDS_FOLLOW.test(own) && !NAMES_A_FILE.test(own.split(/[。！？；、，]/u)[0] ?? '');
}

/** `report final.pdf`: a name with spaces, written as it is. */
function nameGoesOn(rest: string): boolean {
  const line = rest.split(/[\r\n]|sandbox:/i)[0] ?? '';
  return line.split(/\s+/, 8).some((word) => /\.[A-Za-z]\w{0,7}\W*$/.test(word));
}

const hasExtension = (name: string): boolean => /[^/]\.[A-Za-z0-9]{0,7}[A-Za-z][A-Za-z0-9]{0,7}$/.test(name);

const QUERY = /\?[\w.~%-]+(?:=[\w.~%+:@/-]*(?:&[\w.~%-]+=?[\w.~%+:@/-]*)*)?/y;
const FRAGMENT = /#[\w=&,%:~-]+/y;

/** Characters of `?query`, `#fragment` or both, without the end of a sentence. */
function tailLength(text: string, start: number): number {
  QUERY.lastIndex = start;
  const query = QUERY.exec(text)?.[0] ?? '';
  FRAGMENT.lastIndex = start + query.length;
  const fragment = FRAGMENT.exec(text)?.[0] ?? '';
  return `${query}${fragment}`.replace(/[.,:~-]+$/, '').length;
}

function lineEnd(text: string, from: number): number {
  const end = text.slice(from, from + 8192).search(/[\r\n]/);
  return end < 0 ? Math.min(text.length, from + 8192) : from + end;
}

import type { Annotation } from '../api/message.ts';

/** A result of a file search as the model was shown it. */
export interface Citable {
  /** Number of the search in what the model reads, and of the result in it: `4:0`. */
  readonly search: number;
  readonly result: number;
  readonly fileId: string;
  readonly fileName: string;
  readonly text: string;
}

/** What a model is to write behind what it took from a result. */
export const markerOf = ({ search, result, fileName }: Omit<Citable, 'fileId' | 'text'>): string =>
  `【${search}:${result}†${fileName.replace(/[【】†\p{Cc}]+/gu, '_')}】`;

/** A citation, and where it stands in the text, in UTF-16 units. */
export interface Mention {
  readonly start: number;
  readonly end: number;
  readonly cited: Citable;
}

/** Longer ones are text. */
export const LONGEST_MARKER = 400;
const BODY = `[^【】\\n]{1,${LONGEST_MARKER - 2}}`;
/** As it should be, and in the brackets that models put in their place, if it is unmistakable all the same. */
const MARKER = new RegExp(
  `【(${BODY})】|\\[\\^?(\\d{1,6}\\s?[:：]\\s?\\d{1,4}\\s?[†‡][^\\]\\n【】]{0,200})\\]`,
  'gu',
);
const REFERENCE = /^(?:source\s*)?(\d{1,6})\s?[:：]\s?(\d{1,4})$/iu;
/** What models write in the place of a name that they do not remember. */
const NO_NAME = /^(?:source|file|doc|document|result|citation)?s?$/iu;

/**
 * The citations in a text. A marker counts when it leads to one result: by its numbers, as long as it names no other
 * file; or by a file's name that only one file has. Whatever else stands in such brackets is text: no citation is
 * better than a wrong one.
 */
export function mentionsIn(text: string, citables: readonly Citable[]): Mention[] {
  if (citables.length === 0) return [];
  return [...text.matchAll(MARKER)].flatMap((match) => {
    const [marker, proper, other] = match;
    const place = { start: match.index, end: match.index + marker.length };
    return citedBy(proper ?? other ?? '', citables).map((cited) => ({ ...place, cited }));
  });
}

/** One result for each file that a marker's body leads to: `4:0†name.md`, `4:0, 4:2†name.md`, `name.md`. */
function citedBy(body: string, citables: readonly Citable[]): Citable[] {
  const told = references(body);
  const found = new Map<string, Citable>();
  for (const [reference, name] of told) {
    const cited = resolve(reference, name, citables);
    if (cited && !found.has(cited.fileId)) found.set(cited.fileId, cited);
  }
  const alone = told.length === 0 && !/[†‡]/.test(body) ? onlyFileNamed(body, citables) : undefined;
  return alone ? [alone] : [...found.values()];
}

/** A name, and references behind it that belong to the next name, as in `4:0†a.md, 4:1†b.md`. */
const NAME = /^(.*?)(?:[,;]\s*((?:\d{1,6}\s?[:：]\s?\d{1,4}\s*[,;]?\s*)+))?$/u;

/** References with the names behind them. Of several with one name, it belongs to the last. */
function references(body: string): [reference: string, name: string][] {
  const [numbers = '', ...names] = body.split(/[†‡]/);
  const found: [string, string][] = [];
  let waiting = listed(numbers);
  // Behind a name there may be more, such as lines: `4:0†name.md†L1-L5`.
  for (const text of names) {
    const [, name = '', next = ''] = NAME.exec(text) ?? [];
    found.push(
      ...waiting.map((each, i): [string, string] => [each, i < waiting.length - 1 ? '' : name.trim()]),
    );
    waiting = listed(next);
  }
  return [...found, ...waiting.map((each): [string, string] => [each, ''])];
}

function listed(numbers: string): string[] {
  const all = numbers
    .split(/[,;]/)
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return all.every((each) => REFERENCE.test(each)) ? all : [];
}

function resolve(reference: string, name: string, citables: readonly Citable[]): Citable | undefined {
  const [, search, result] = REFERENCE.exec(reference) ?? [];
  const exact = citables.find((each) => each.search === Number(search) && each.result === Number(result));
  if (!exact) return name === '' ? undefined : onlyFileNamed(name, citables);
  // Where number and name lead to different files, nobody knows which is right.
  return NO_NAME.test(name) || resembles(name, exact.fileName) ? exact : undefined;
}

function onlyFileNamed(name: string, citables: readonly Citable[]): Citable | undefined {
  const named = citables.filter(({ fileName }) => plain(fileName) === plain(name));
  const isOne = new Set(named.map(({ fileId }) => fileId)).size === 1;
  return isOne ? named[0] : undefined;
}

/** The name, or its beginning: models cut long names, and leave endings out. */
function resembles(said: string, fileName: string): boolean {
  const [short, whole] = [plain(said).replace(/(?:…|\.\.\.)$/u, ''), plain(fileName)];
  return (
    short.length >= 1 &&
    (whole === short || stem(whole) === short || (short.length >= 8 && whole.startsWith(short)))
  );
}

const plain = (name: string): string =>
  name
    .normalize('NFC')
    .replace(/[【】†\p{Cc}]+/gu, '_')
    .trim()
    .toLowerCase();
const stem = (name: string): string => name.replace(/\.[^.]+$/, '');

const QUOTE_CHARACTERS = 1000;

/**
 * The citations of a text as annotations. Their indices count Unicode code points, as the hosted API (written in
 * Python) did. `quote`, of the API's first version, is what was cited.
 */
export function citationAnnotations(text: string, citables: readonly Citable[]): Annotation[] {
  let [place, index] = [0, 0];
  return mentionsIn(text, citables).map(({ start, end, cited }) => {
    // Two files may be cited in one place.
    if (start >= place) [place, index] = [start, index + codePoints(text.slice(place, start))];
    return citation(text.slice(start, end), index, cited);
  });
}

/** @param index where the marker stands, in code points */
export const citation = (marker: string, index: number, { fileId, text }: Citable): Annotation => ({
  type: 'file_citation',
  text: marker,
  start_index: index,
  end_index: index + codePoints(marker),
  file_citation: { file_id: fileId, quote: [...text].slice(0, QUOTE_CHARACTERS).join('') } as {
    file_id: string;
  },
});

export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

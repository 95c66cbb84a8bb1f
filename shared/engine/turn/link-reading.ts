/**
 * The readings of a link's path. Models write the name of a file as it is, or percent-encoded, or with Markdown's
 * backslashes or HTML's entities, and any mixture of these; all of it is text until it is compared with real names.
 */

/** What a link says, decoded. */
export interface Reading {
  /** In the form in which names are compared. */
  readonly units: string;
  /** After so many units; nothing where that would cut a character in two. */
  readonly stops: readonly (Stop | undefined)[];
}

interface Stop {
  /** Where in the text that is. */
  readonly end: number;
  /** What was decoded until there, its accents composed as they were written. */
  readonly said: string;
}

interface Dialect {
  readonly percent: boolean;
  readonly markup: boolean;
}

/** In this order: what decodes to a kept name is that name, though a file may bear the encoded one. */
const DIALECTS: readonly Dialect[] = [
  { percent: true, markup: true },
  { percent: true, markup: false },
  { percent: false, markup: true },
  { percent: false, markup: false },
];

/** Names are compared in this form, so that it does not matter how their accents are composed. */
export const comparable = (name: string): string => name.normalize('NFD');

/**
 * Reads on from `start` until `limit` units are known, a line ends, or the text does.
 * @returns the different readings, the most decoded one first
 */
export function readings(text: string, start: number, limit: number): Reading[] {
  const found: Reading[] = [];
  for (const dialect of DIALECTS) {
    const reading = read(text, start, limit, dialect);
    if (!found.some(({ units }) => units === reading.units)) found.push(reading);
  }
  return found;
}

function read(text: string, start: number, limit: number, dialect: Dialect): Reading {
  let [units, said, at] = ['', '', start];
  const stops: (Stop | undefined)[] = [];
  /** A letter and its marks, which are normalised and compared as one. */
  let cluster = '';
  const flush = () => {
    units += comparable(cluster);
    said += cluster;
    cluster = '';
    stops[units.length] = { end: at, said };
  };
  while (at < text.length && units.length < limit) {
    if (text[at] === '\n' || text[at] === '\r') break;
    const { value, end } = next(text, at, dialect);
    if (!/^\p{M}/u.test(value)) flush();
    // `a//b` and `a/./b` are ways to write `a/b`.
    const repeated = value === '/' && (units.endsWith('/') || units === '');
    const skipped = value === '.' && (units.endsWith('/') || units === '') && text[end] === '/';
    if (!repeated && !skipped) cluster += value;
    at = end;
  }
  flush();
  return { units, stops };
}

/** The character at a place of the text, whatever it takes to write it. */
function next(text: string, at: number, { percent, markup }: Dialect): { value: string; end: number } {
  if (percent && text[at] === '%') return percentEncoded(text, at);
  if (markup && text[at] === '\\' && /^[!-/:-@[-`{-~]$/.test(text[at + 1] ?? '')) {
    return { value: text[at + 1]!, end: at + 2 };
  }
  if (markup && text[at] === '&') {
    const entity = entityAt(text, at);
    if (entity) return entity;
  }
  const value = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return { value, end: at + value.length };
}

const ENTITY = /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#[xX]([\da-fA-F]{1,6}));/y;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function entityAt(text: string, at: number): { value: string; end: number } | undefined {
  ENTITY.lastIndex = at;
  const [whole, name, decimal, hexadecimal] = ENTITY.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const code = decimal ? Number(decimal) : Number.parseInt(hexadecimal ?? '', 16);
  const value = name ? NAMED[name] : code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
  return value === undefined ? undefined : { value, end: at + whole.length };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One character of UTF-8 in `%XX` form; a percent sign that begins none stands for itself. */
function percentEncoded(text: string, at: number): { value: string; end: number } {
  const bytes: number[] = [];
  for (let end = at + 3; bytes.length < 4; end += 3) {
    const written = text.slice(end - 3, end);
    if (!/^%[\da-fA-F]{2}$/.test(written)) break;
    bytes.push(Number.parseInt(written.slice(1), 16));
    try {
      return { value: utf8.decode(Uint8Array.from(bytes)), end };
    } catch {
      // Not yet a whole character, or never one.
    }
  }
  return { value: '%', end: at + 1 };
}

/**
 * The inside of one JSON string, decoded as it arrives in pieces. More lenient than JSON where models are: raw line
 * breaks stand for themselves, and a backslash that starts no escape is kept (`\d` of a regular expression), except
 * before a single quote.
 */
export interface JsonStringDecoder {
  /** Decodes from `position` to the closing quote or the piece's end; returns where it stopped. */
  read(piece: string, position: number): { readonly text: string; readonly position: number };
  /** Whether the closing quote was read. */
  readonly ended: boolean;
  /** Half a surrogate pair that waits for its other half: alone it could not be sent on as UTF-8. */
  readonly pending: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  "'": "'",
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

export function jsonStringDecoder(): JsonStringDecoder {
  let ended = false;
  /** An escape that the piece's end cut, from its backslash on. */
  let cutEscape = '';
  let pending = '';

  /** Takes one character of an escape; returns what the escape means once it is whole. */
  function readEscape(character: string): string {
    const whole = cutEscape + character;
    if (whole.length === 2 && character !== 'u') {
      cutEscape = '';
      return ESCAPES[character] ?? whole;
    }
    if (whole.length > 2 && !/[0-9a-fA-F]/.test(character)) {
      cutEscape = '';
      return whole;
    }
    cutEscape = whole.length < 6 ? whole : '';
    return whole.length < 6 ? '' : String.fromCharCode(Number.parseInt(whole.slice(2), 16));
  }

  return {
    read(piece, start) {
      let text = pending;
      let position = start;
      while (position < piece.length && !ended) {
        if (cutEscape) {
          // Not a digit after all: a quote or a backslash there has its own meaning.
          const given = piece[position]!;
          if (cutEscape.length > 1 && (given === '"' || given === '\\')) {
            text += cutEscape;
            cutEscape = '';
            continue;
          }
          text += readEscape(given);
          position++;
          continue;
        }
        const end = nextSpecial(piece, position);
        text += piece.slice(position, end);
        if (piece[end] === '"') ended = true;
        if (piece[end] === '\\') cutEscape = '\\';
        position = end + 1;
      }
      // A half pair is held back while its other half may still come.
      pending = !ended && /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
      return { text: pending ? text.slice(0, -1) : text, position: Math.min(position, piece.length) };
    },
    get ended() {
      return ended;
    },
    get pending() {
      return pending;
    },
  };
}

function nextSpecial(piece: string, from: number): number {
  for (let position = from; position < piece.length; position++) {
    const code = piece.charCodeAt(position);
    if (code === 0x22 || code === 0x5c) return position;
  }
  return piece.length;
}

import { LONGEST_MARKER } from '../../run/citations.ts';

/** A piece of text that goes out; a whole marker, or what might have been one, goes by itself. */
export interface Released {
  readonly text: string;
  readonly bracketed: boolean;
}

const OPENING = /[【[]/;
/** How a marker in plain brackets goes on until it is unmistakable; everything else in them is text at once. */
const PLAIN_BEGINNING =
  /^\[(?:\^?(?:\d{0,6}(?:\s?(?:[:：](?:\s?\d{0,4}(?:\s?(?:[†‡][^\]\n【】]{0,200}\]?)?)?)?)?)?)?)$/u;

/** Holds a stream back from where a marker may have begun until it has ended, or turns out to be none. */
export class MarkerHold {
  #held = '';

  push(piece: string): Released[] {
    const released: Released[] = [];
    let text = this.#held + piece;
    this.#held = '';
    while (text !== '') {
      const at = text.search(OPENING);
      if (at < 0) break;
      if (at > 0) released.push({ text: text.slice(0, at), bracketed: false });
      text = text.slice(at);
      const end = endOf(text);
      if (end === undefined) {
        this.#held = text;
        return released;
      }
      released.push({ text: text.slice(0, end), bracketed: end > 1 });
      text = text.slice(end);
    }
    if (text !== '') released.push({ text, bracketed: false });
    return released;
  }

  /** What was held when nothing more comes. */
  rest(): Released[] {
    const text = this.#held;
    this.#held = '';
    return text === '' ? [] : [{ text, bracketed: false }];
  }
}

/** Where the bracket at the beginning has closed, or 1 where it is none of a marker; undefined: too early to say. */
function endOf(text: string): number | undefined {
  if (text[0] === '【') {
    const close = text.search(/[】\n]|(?<=.)【/u);
    if (close < 0) return text.length > LONGEST_MARKER ? 1 : undefined;
    return text[close] === '】' ? close + 1 : 1;
  }
  const close = text.indexOf(']');
  if (close >= 0 && PLAIN_BEGINNING.test(text.slice(0, close + 1))) return close + 1;
  return close < 0 && PLAIN_BEGINNING.test(text) ? undefined : 1;
}

import { randomBytes } from 'node:crypto';

/** Hexadecimal digits that nobody can guess, and a number. */
const MARK_DIGITS = 32;
const NUMBER_DIGITS = 8;
const MARK = MARK_DIGITS + NUMBER_DIGITS;

/**
 * The long strings of a JSON body, which are decoded piece by piece beside its structure. In the structure
 * only the head of one stands, ended by a mark.
 */
export class LongTexts {
  readonly #mark = randomBytes(MARK_DIGITS / 2).toString('hex');
  readonly #texts: string[][] = [];
  #waiting: Uint8Array[] = [];

  /** Begins another text. @returns the mark that ends its head */
  begin(): string {
    const number = String(this.#texts.length).padStart(NUMBER_DIGITS, '0');
    this.#texts.push([]);
    return this.#mark + number;
  }

  /** Bytes of the text begun last, as they stand in the JSON. */
  add(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#waiting.push(bytes);
  }

  /**
   * Decodes what was added; it must end where neither a character nor an escape is cut.
   * @throws {TypeError | SyntaxError} for what is no UTF-8, or no string of JSON
   */
  decode(): void {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const text = decoder.decode(Buffer.concat(this.#waiting));
    this.#waiting = [];
    this.#texts.at(-1)?.push(JSON.parse(`"${text}"`) as string);
  }

  /** Whether a string of the structure is the head of one of these texts. */
  isHead(text: string): boolean {
    return this.#texts.length > 0 && text.slice(-MARK, -NUMBER_DIGITS) === this.#mark;
  }

  /** The whole text that begins with `head`. */
  whole(head: string): string {
    const pieces = this.#texts[Number(head.slice(-NUMBER_DIGITS))] ?? [];
    return [head.slice(0, -MARK), ...pieces].join('');
  }
}

import type { BodyLimits } from '../api/body-limits.ts';
import { type ApiError, badRequest } from '../api/error.ts';
import { LongTexts } from './long-texts.ts';
import { tooLarge } from './too-large.ts';

/** Deeper than any JSON schema in use, shallow enough for every recursion that follows. */
const DEEPEST = 100;
/** Characters; a double has 25 at most, and a longer form of one is of no use to anybody. */
const LONGEST_NUMBER = 400;
/** Bytes of a string that stay in the structure; what is longer goes on beside it. */
const SHORT_STRING_BYTES = 1024;
/** Bytes of everything but the long strings: what is parsed in one go. */
const STRUCTURE_BYTES = 8 * 1024 * 1024;
/** Bytes of a long string that are decoded in one go. */
const PIECE_BYTES = 256 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/**
 * Reads a JSON body while it arrives, so that no request does anything large in one go. Each byte is looked at
 * once, for what costs memory and time whatever the grammar says: how many values, how deep, how long numbers
 * are. Long strings are decoded piece by piece. `JSON.parse` sees only the structure that remains, and it alone
 * judges the grammar.
 */
export class JsonReader {
  readonly #limits: BodyLimits;
  readonly #structure: Uint8Array[] = [];
  #structureBytes = 0;
  #bytes = 0;
  #values = 1;
  #depth = 0;
  /** Characters of the number (or other word) that is being read. */
  #word = 0;
  #inString = false;
  /** Whether the byte before was the backslash of an escape. */
  #escaped = false;
  /** Counted from the next byte: where the last escape ends, and from where the string may be cut. */
  #escapeEnd = 0;
  #cutFrom = 0;
  /** Whether the string that is being read, or the one that was the last thing read, went on beside. */
  #beside = false;
  readonly #texts = new LongTexts();

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  tooLarge(): ApiError {
    return tooLarge('The request body', this.#limits.bytes);
  }

  /** @throws {ApiError} 400, 413 as soon as a limit is passed */
  push(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#limits.bytes) throw this.tooLarge();
    let [inString, escaped, escapeEnd, cutFrom] = [
      this.#inString,
      this.#escaped,
      this.#escapeEnd,
      this.#cutFrom,
    ];
    /** Bytes before it are in the structure or in a long text. */
    let taken = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (!inString) {
        if (byte === QUOTE) {
          inString = true;
          this.#beside = false;
          this.#word = 0;
          escapeEnd = 0;
          cutFrom = at + 1 + SHORT_STRING_BYTES;
        } else this.#between(byte);
      } else if (escaped) {
        escaped = false;
        escapeEnd = at + (byte === LOWER_U ? 5 : 1);
      } else if (byte === QUOTE) {
        inString = false;
        if (this.#beside) {
          this.#texts.add(bytes.subarray(taken, at));
          this.#texts.decode();
          taken = at;
        }
      } else {
        // Neither in an escape nor in a character of several bytes.
        if (at >= cutFrom && at >= escapeEnd && (byte & 0xc0) !== 0x80) {
          this.#cut(bytes.subarray(taken, at));
          taken = at;
          cutFrom = at + PIECE_BYTES;
        }
        if (byte === BACKSLASH) escaped = true;
      }
    }
    const rest = bytes.subarray(taken);
    if (inString && this.#beside) this.#texts.add(rest);
    else this.#keep(rest);
    this.#inString = inString;
    this.#escaped = escaped;
    this.#escapeEnd = escapeEnd - bytes.length;
    this.#cutFrom = cutFrom - bytes.length;
  }

  /**
   * The value, in which each long text is still cut short: the second gives it back whole.
   * @throws {SyntaxError} for what is no JSON
   * @throws {TypeError} for what is no UTF-8
   */
  finish(): { readonly value: unknown; readonly texts: LongTexts } {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(this.#structure));
    return { value: JSON.parse(text) as unknown, texts: this.#texts };
  }

  /** The string being read has become long, or a long one has reached the size of a piece. */
  #cut(before: Uint8Array): void {
    if (this.#beside) {
      this.#texts.add(before);
      this.#texts.decode();
      return;
    }
    this.#keep(before);
    this.#keep(Buffer.from(this.#texts.begin()));
    this.#beside = true;
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#structureBytes += bytes.length;
    if (this.#structureBytes > STRUCTURE_BYTES) {
      throw tooLarge('The request body without its long texts', STRUCTURE_BYTES);
    }
    this.#structure.push(bytes);
  }

  #between(byte: number): void {
    switch (byte) {
      case 0x7b: // {
      case 0x5b: // [
        if (++this.#depth > DEEPEST) {
          throw badRequest(`The JSON body is nested too deeply: at most ${DEEPEST} levels are accepted.`);
        }
        break;
      case 0x7d: // }
      case 0x5d: // ]
        this.#depth--;
        this.#word = 0;
        return;
      case 0x3a: // :
        if (this.#beside) throw badRequest('The JSON body has a property name that is too long.');
        break;
      case 0x2c: // ,
        break;
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        this.#word = 0;
        return;
      default:
        if (++this.#word > LONGEST_NUMBER) {
          throw badRequest(
            `The JSON body has a number of more than ${LONGEST_NUMBER} characters, or is no JSON at all.`,
          );
        }
        return;
    }
    this.#word = 0;
    this.#beside = false;
    if (++this.#values <= this.#limits.values) return;
    throw badRequest(
      `The JSON body has too many values: at most ${this.#limits.values} objects, arrays, names and scalars are accepted.`,
    );
  }
}

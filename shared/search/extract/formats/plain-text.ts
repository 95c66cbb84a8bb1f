import { ExtractionError } from '../extraction.ts';

/** Share of characters that no text has; beyond it the file is none. */
const ODD_SHARE = 0.02;
/** So many may stand anywhere. */
const FEW = 4;
/** Looked at to tell UTF-16 without a mark from other encodings. */
const SAMPLE_BYTES = 4096;

/**
 * Text in UTF-8 or UTF-16, by its mark or by its looks. A few wrong bytes do not make a text unreadable: they become
 * the replacement character, or letters of Windows-1252 where most of the others are none of UTF-8 either.
 * @param declared an encoding that the text itself names
 * @throws {ExtractionError} `invalid_file` for what is no text
 */
export function plainText(bytes: Uint8Array, declared?: string): string {
  const text = decode(bytes, declared);
  const odd = text.match(ODD)?.length ?? 0;
  if (odd > FEW && odd > ODD_SHARE * text.length) {
    throw new ExtractionError('invalid_file', 'The file is not text, although its name says so.');
  }
  return text.replace(ODD, '').replaceAll('\r\n', '\n');
}

/** Controls other than tabulators, line and page ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ODD = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/g;

function decode(bytes: Uint8Array, declared: string | undefined): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return decoded(bytes, 'utf-8');
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decoded(bytes, 'utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decoded(bytes, 'utf-16be');
  const wide = wideOrder(bytes);
  if (wide) return decoded(bytes, wide);
  const strict = tryDecode(bytes, 'utf-8');
  if (strict !== undefined) return strict;
  const asDeclared = declared === undefined ? undefined : tryDecode(bytes, declared);
  if (asDeclared !== undefined) return asDeclared;
  const lenient = decoded(bytes, 'utf-8');
  const wrong = lenient.match(/\ufffd/g)?.length ?? 0;
  const right = lenient.match(/[\u0080-\ufffc]/g)?.length ?? 0;
  return wrong > right ? decoded(bytes, 'windows-1252') : lenient;
}

const decoded = (bytes: Uint8Array, encoding: string): string => new TextDecoder(encoding).decode(bytes);

function tryDecode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    // Wrong bytes, or an encoding of no such name.
    return undefined;
  }
}

/** In UTF-16 of most scripts, nearly every second byte of spaces, digits and line ends is zero. */
function wideOrder(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes.length < 4 || bytes.length % 2 !== 0) return undefined;
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  let even = 0;
  let odd = 0;
  for (let i = 0; i + 1 < sample.length; i += 2) {
    if (sample[i] === 0) even += 1;
    if (sample[i + 1] === 0) odd += 1;
  }
  const half = sample.length / 2;
  if (odd > 0.4 * half && even < 0.05 * half) return 'utf-16le';
  if (even > 0.4 * half && odd < 0.05 * half) return 'utf-16be';
  return undefined;
}

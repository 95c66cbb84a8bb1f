import { badRequest } from './error.ts';

/** Bytes of a file's name: what file systems take. */
const LONGEST_NAME = 255;
/** Control characters, and the two slashes. */
const UNFIT = /[\p{Cc}/\\]/u;
/** What turns the direction of text about, so that a name reads as another one. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/**
 * A name that can be a file's name anywhere: no path, no control characters, not too long.
 * @throws {ApiError} 400
 */
export function checkedName(filename: string): string {
  const unfit = filename === '' || filename === '.' || filename === '..' || UNFIT.test(filename);
  if (unfit || Buffer.byteLength(filename) > LONGEST_NAME || !filename.isWellFormed()) {
    throw badRequest(
      `Invalid file name: expected 1 to ${LONGEST_NAME} bytes without '/', '\\' and control characters.`,
      'file',
      'invalid_value',
    );
  }
  return filename;
}

/** The name that code gave a file, as one that an upload could have: what may not be in it is replaced by `_`. */
export function cleanedName(filename: string): string {
  const cleaned = [...filename.toWellFormed().replaceAll(TURNING, '_')]
    .map((character) => (UNFIT.test(character) ? '_' : character))
    .join('');
  const name = /^\.{0,2}$/.test(cleaned) ? 'file' : cleaned;
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name;
  const extension = /\.[A-Za-z0-9]{1,16}$/.exec(name)?.[0] ?? '';
  const points = [...name.slice(0, name.length - extension.length)];
  while (Buffer.byteLength(points.join('') + extension) > LONGEST_NAME) points.pop();
  return points.join('') + extension;
}

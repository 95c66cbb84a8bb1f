import { unzipSync } from 'fflate';

import { ExtractionError } from '../extraction.ts';

/** Of all parts that are read of one file, inflated. */
const MAX_INFLATED_BYTES = 100 * 1024 * 1024;
const MAX_PARTS = 5_000;

/**
 * Parts of an Office file. What a part claims to hold is all the memory it gets, so the claims are added up before
 * anything is inflated.
 * @throws {ExtractionError} `invalid_file`
 */
export function unzip(bytes: Uint8Array, isWanted: (name: string) => boolean): Map<string, Uint8Array> {
  let inflated = 0;
  let parts = 0;
  try {
    const found = unzipSync(bytes, {
      filter({ name, originalSize }) {
        if (!isWanted(name)) return false;
        inflated += originalSize;
        parts += 1;
        if (inflated > MAX_INFLATED_BYTES || parts > MAX_PARTS) {
          throw new ExtractionError('invalid_file', 'The file unpacks to more than can be read.');
        }
        return true;
      },
    });
    return new Map(Object.entries(found));
  } catch (error) {
    if (error instanceof ExtractionError) throw error;
    throw new ExtractionError('invalid_file', isOldOffice(bytes) ? PROTECTED : DAMAGED);
  }
}

const DAMAGED = 'The file is damaged or not of the type that its name says.';
const PROTECTED = 'The file is protected by a password, or of an older type than its name says.';

/** The container of Office files before 2007, in which protected ones are still put. */
export const isOldOffice = (bytes: Uint8Array): boolean =>
  bytes[0] === 0xd0 && bytes[1] === 0xcf && bytes[2] === 0x11 && bytes[3] === 0xe0;

export const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;

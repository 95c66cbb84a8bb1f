import { z } from 'zod';

import { countCodePoints, isLongerThan } from './code-points.ts';
import { INTEGER } from './issue.ts';

/** Building blocks of the request schemas. Lengths count characters as the API does: code points. */

/** A string of at most `maximum` characters. */
export const text = (maximum: number, minimum = 0) =>
  z
    .string()
    .check((context) => {
      if (isLongerThan(context.value, maximum)) {
        context.issues.push({
          code: 'too_big',
          origin: 'string',
          maximum,
          inclusive: true,
          input: context.value,
        });
      } else if (context.value.length < minimum && countCodePoints(context.value) < minimum) {
        context.issues.push({
          code: 'too_small',
          origin: 'string',
          minimum,
          inclusive: true,
          input: context.value,
        });
      }
    })
    .meta({ maxLength: maximum, ...(minimum > 0 ? { minLength: minimum } : {}) });

/** A name that the model's side accepts: of functions and of JSON schemas. */
export const modelSideName = () => text(64, 1).regex(/^[a-zA-Z0-9_-]+$/);

/** Not only a wrong type, also a decimal is then reported as: expected an integer. */
export const integer = (minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  z
    .int(INTEGER)
    .check(within('int', minimum, maximum))
    .meta({ minimum, maximum });

export const number = (minimum: number, maximum: number) =>
  z
    .number()
    .check(within('number', minimum, maximum))
    .meta({ minimum, maximum });

/** The library's own checks do not tell whole numbers from others; the API's error codes do. */
function within(origin: 'int' | 'number', minimum: number, maximum: number) {
  return (context: z.core.ParsePayload<number>) => {
    const input = context.value;
    if (input > maximum) context.issues.push({ code: 'too_big', origin, maximum, inclusive: true, input });
    if (input < minimum) context.issues.push({ code: 'too_small', origin, minimum, inclusive: true, input });
  };
}

/** An id in a request body: opaque, ours or made elsewhere. */
export const id = () => text(256, 1);

export const modelName = () => text(256, 1);

export const INSTRUCTIONS_CHARACTERS = 256_000;
export const instructions = () => text(INSTRUCTIONS_CHARACTERS);

const METADATA_PAIRS = 16;
const METADATA_KEY_CHARACTERS = 64;
const METADATA_VALUE_CHARACTERS = 512;

/** Up to 16 pairs of strings; null means none. */
export const metadata = () =>
  z
    .record(z.string(), text(METADATA_VALUE_CHARACTERS))
    .check((context) => {
      const keys = Object.keys(context.value);
      if (keys.length > METADATA_PAIRS) {
        context.issues.push({
          code: 'too_big',
          origin: 'object',
          maximum: METADATA_PAIRS,
          inclusive: true,
          input: context.value,
        });
      }
      const long = keys.find((key) => isLongerThan(key, METADATA_KEY_CHARACTERS));
      if (long !== undefined) {
        context.issues.push({
          code: 'too_big',
          origin: 'key',
          maximum: METADATA_KEY_CHARACTERS,
          inclusive: true,
          input: long,
        });
      }
    })
    .nullable()
    .optional()
    .meta({ maxProperties: METADATA_PAIRS });

export type Metadata = Record<string, string>;

/** Metadata after a change: what was not sent stays, null empties it. */
export const changedMetadata = (
  current: Readonly<Record<string, string>> | null,
  sent: Record<string, string> | null | undefined,
): Record<string, string> => (sent === undefined ? { ...current } : (sent ?? {}));

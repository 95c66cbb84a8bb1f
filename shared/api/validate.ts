import type { z } from 'zod';

import { badRequest } from './error.ts';
import { refusalOf } from './issue.ts';
import { withoutNulls } from './left-out.ts';
import { nearestName } from './nearest-name.ts';

/** Values of a body that is checked to its end, so that of several faults the most telling is named. */
const SMALL_VALUES = 2_000;

/**
 * Checks a request's body or query. What clients write for "left out" counts as that: see `left-out.ts`.
 * @throws {ApiError} 400 in the API's words, naming the field as a path.
 */
export function validate<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  // Of 50,000 wrong items the library would write 50,000 reports, and others would wait for it. The option is
  // one of its own (see `z.validate`), so a test holds what it is for.
  const abortEarly = isLarge(input);
  const context = { error: suggestion, reportInput: true, abortEarly };
  const parsed = schema.safeParse(withoutNulls(schema, orEmpty(schema, input)), context);
  if (parsed.success) return parsed.data;
  const { message, param, code } = refusalOf(parsed.error.issues);
  throw badRequest(message, param, code);
}

/**
 * PHP's `json_encode` makes `[]` of an array without members, of which it cannot know that it is to be an object;
 * .NET's `PostAsJsonAsync` makes `null` of a request that its caller left out.
 */
const orEmpty = (schema: z.ZodType, input: unknown): unknown =>
  isNothing(input) && schema.safeParse({}).success ? {} : input;

const isNothing = (input: unknown): boolean => input === null || (Array.isArray(input) && input.length === 0);

function isLarge(input: unknown): boolean {
  let left = SMALL_VALUES;
  const exceeds = (value: unknown): boolean => {
    if (--left < 0) return true;
    if (typeof value !== 'object' || value === null) return false;
    for (const key in value) if (exceeds((value as Record<string, unknown>)[key])) return true;
    return false;
  };
  return exceeds(input);
}

/** The message of an unknown field's issue is the hint that follows the API's sentence about it. */
function suggestion(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const definition = issue.inst?._zod.def;
  const known = definition && 'shape' in definition ? Object.keys(definition.shape as object) : [];
  const name = nearestName((issue.keys as string[])[0] ?? '', known);
  // A space, because an empty message would count as none and the library would put in its own.
  return name === undefined ? ' ' : ` Did you mean '${name}'?`;
}

import type { z } from 'zod';

import { badRequest } from './error.ts';
import { refusalOf } from './issue.ts';
import { withoutNulls } from './left-out.ts';
import { nearestName } from './nearest-name.ts';

/**
 * Checks a request's body or query. What clients write for "left out" counts as that: see `left-out.ts`.
 * @throws {ApiError} 400 in the API's words, naming the field as a path.
 */
export function validate<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(withoutNulls(schema, orEmpty(schema, input)), {
    error: suggestion,
    reportInput: true,
  });
  if (parsed.success) return parsed.data;
  const { message, param, code } = refusalOf(parsed.error.issues);
  throw badRequest(message, param, code);
}

/** PHP's `json_encode` makes `[]` of an array without members, of which it cannot know that it is to be an object. */
const orEmpty = (schema: z.ZodType, input: unknown): unknown =>
  Array.isArray(input) && input.length === 0 && schema.safeParse({}).success ? {} : input;

/** The message of an unknown field's issue is the hint that follows the API's sentence about it. */
function suggestion(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const definition = issue.inst?._zod.def;
  const known = definition && 'shape' in definition ? Object.keys(definition.shape as object) : [];
  const name = nearestName((issue.keys as string[])[0] ?? '', known);
  // A space, because an empty message would count as none and the library would put in its own.
  return name === undefined ? ' ' : ` Did you mean '${name}'?`;
}

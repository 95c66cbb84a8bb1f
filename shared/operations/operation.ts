import type { z } from 'zod';

import type { BodyLimits } from '../api/body-limits.ts';

/** One operation of the API: all that is to be said of it but what it does. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The same behind every door; `{…}` names a parameter. */
  readonly path: string;
  readonly summary: string;
  /**
   * The Azure function that takes its requests, see `http/routes.ts`: those of one function have one path, with or
   * without a last parameter.
   */
  readonly servedBy: string;
  /** JSON body. */
  readonly body?: z.ZodType;
  /** How large that may be; `SHORT_BODY` where nothing is said. */
  readonly bodyLimits?: BodyLimits;
  readonly query?: z.ZodObject;
  /** Multipart body: the part that carries the bytes, and the schema of the fields beside it. */
  readonly form?: { readonly file: string; readonly fields?: z.ZodObject };
  readonly answer: Answer;
  /** Makes something new, and so can be named by an `Idempotency-Key`. */
  readonly creates?: true;
  /** Set where only the API's first version has the operation. */
  readonly only?: 'v1';
}

/** What is answered with status 200. Objects carry the name that they have in the OpenAPI document. */
export type Answer =
  | { readonly one: z.ZodType }
  /** A page of a list where the query has cursors, else all of it. */
  | { readonly list: z.ZodType }
  /** A note of what was deleted, with this in `object`. */
  | { readonly deleted: string }
  /** Not JSON: the media type. */
  | { readonly bytes: string };

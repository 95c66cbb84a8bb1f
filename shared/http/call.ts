import type { HttpRequest } from '@azure/functions';
import type { z } from 'zod';

import type { OperationName, Operations } from '../api/operations.ts';
import type { Caller } from '../callers/caller.ts';
import type { Dialect } from './dialect.ts';
import type { Reply } from './reply.ts';

/** The names in a path template: `/threads/{thread_id}` gives `{ thread_id: string }`. */
type ParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name]: string } & ParamsOf<Rest>
  : unknown;

type BodyOf<O> = O extends { body: infer S extends z.ZodType } ? z.output<S> : undefined;
type QueryOf<O> = O extends { query: infer S extends z.ZodType } ? z.output<S> : Record<never, never>;

/** One authenticated, validated request. */
export interface Call<Name extends OperationName> {
  readonly project: string;
  readonly caller: Caller;
  readonly params: ParamsOf<Operations[Name]['path']>;
  readonly body: BodyOf<Operations[Name]>;
  readonly query: QueryOf<Operations[Name]>;
  readonly dialect: Dialect;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  readonly requestId: string;
  /** For bodies that are no JSON. */
  readonly request: HttpRequest;
}

/** Does an operation: answers the API's object, or a {@link Reply}; throws {@link ApiError}. */
export type Handler<Name extends OperationName, Services> = (
  call: Call<Name>,
  services: Services,
) => Promise<object | Reply>;

/** Handlers by operation; each trigger file has those of its resource. */
export type Handlers<Services> = { readonly [Name in OperationName]?: Handler<Name, Services> };

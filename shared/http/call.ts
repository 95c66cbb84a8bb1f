import type { HttpRequest } from '@azure/functions';
import type { z } from 'zod';
import type { Caller } from '../callers/caller.ts';
import type { FunctionName, OperationName, Operations } from '../operations/all.ts';
import type { Dialect } from './dialect.ts';
import type { OnceOnly } from './idempotency.ts';
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
  /** Set for a request that names itself by an `Idempotency-Key`. */
  readonly once?: OnceOnly | undefined;
  /** For bodies that are no JSON. */
  readonly request: HttpRequest;
}

/** Does an operation: answers the API's object, or a {@link Reply}; throws {@link ApiError}. */
export type Handler<Name extends OperationName, Services> = (
  call: Call<Name>,
  services: Services,
) => Promise<object | Reply>;

/** Every operation's handler. */
export type Handlers<Services> = { readonly [Name in OperationName]: Handler<Name, Services> };

/** The handlers of all operations that some Azure functions serve: to forget one does not compile. */
export type HandlersOf<Function extends FunctionName, Services> = Pick<
  Handlers<Services>,
  { [Name in OperationName]: Operations[Name]['servedBy'] extends Function ? Name : never }[OperationName]
>;

import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';

import { SHORT_BODY } from '../api/body-limits.ts';
import { ApiError } from '../api/error.ts';
import { validate } from '../api/validate.ts';
import type { Audit } from '../callers/audit.ts';
import { type Caller, requireRole } from '../callers/caller.ts';
import type { Clock } from '../clock.ts';
import { isPlausibleId, newId } from '../ids.ts';
import { consoleLog, errorFields, type Log } from '../log.ts';
import { type OperationName, operations } from '../operations/all.ts';
import type { Operation } from '../operations/operation.ts';
import type { KeptAnswerStore } from '../store/kept-answers.ts';
import { errorAnswer, jsonAnswer, streamAnswer, toApiError } from './answer.ts';
import { readJson } from './body.ts';
import type { BodyShare } from './body-budget.ts';
import type { Call, Handler, Handlers } from './call.ts';
import { type Dialect, dialectOf, fromV1, textToV1, toV1, toV2 } from './dialect.ts';
import { connectionOf } from './disconnect.ts';
import type { Gate } from './gate.ts';
import { idempotencyKeyOf, type OnceOnly, once, onceOf } from './idempotency.ts';
import type { StreamPlace } from './open-streams.ts';
import { lookUp, type Match } from './path.ts';
import { requirePlausibleIds } from './path-ids.ts';
import { readQuery } from './query.ts';
import { JsonReply, StreamReply } from './reply.ts';
import { addressOf } from './strangers.ts';

/** What the way in needs, beside what the handlers need. */
export interface EndpointServices {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  readonly stores?: { readonly answers?: KeptAnswerStore };
  readonly audit?: Pick<Audit, 'record'>;
}

export type Endpoint = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

/**
 * The way in and out of every operation: find it, authenticate, limit, parse, call, present, map errors.
 * Never rejects: in stream mode the library would leave the client waiting for minutes.
 */
export function createEndpoint<S extends EndpointServices>(
  handlers: Partial<Handlers<S>>,
  provide: () => Promise<S>,
): Endpoint {
  return async (request, context) => {
    const started = performance.now();
    const requestId = newId('request', Date.now());
    const connection = connectionOf(context.invocationId);
    const headers = () => ({
      'x-request-id': requestId,
      'openai-processing-ms': String(Math.round(performance.now() - started)),
      // Answers are one caller's own: no cache between keeps them, and no browser takes them for something else.
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    let log = consoleLog;
    let dialect: Dialect = 'v2';
    let audit: ((status: number, made?: object) => void) | undefined;
    try {
      const url = new URL(request.url);
      dialect = dialectOf(url.searchParams, request.headers);
      const match = find(request.method, url.pathname, dialect);
      const services = await provide();
      log = services.log;
      const { gate } = services;
      const caller = await authenticated(gate, request.headers, services.clock.now());
      audit = (status, made) =>
        services.audit?.record({
          time: new Date(services.clock.now()).toISOString(),
          requestId,
          project: caller.project,
          caller: caller.key,
          role: caller.role,
          operation: match.name,
          // What a refused request names may be anything, and need not exist.
          objects: made ? objectsOf(match, made) : [],
          status,
        });
      gate.limit.count(caller.key, services.clock.now());
      const operation: Operation = operations[match.name];
      requireRole(caller, roleFor(operation));
      const handler = handlers[match.name] as Handler<OperationName, S> | undefined;
      if (!handler) throw unknownUrl(request.method, url.pathname);
      const call = {
        caller,
        project: caller.project,
        dialect,
        requestId,
        request,
        signal: connection.signal,
      };
      using share = gate.bodies.open(caller.key);
      const parsed = await parse(match, request, url, dialect, share);
      const doIt = (once?: OnceOnly) =>
        handler({ ...call, ...parsed, once } as Call<OperationName>, services);
      const place = streams(match, operation, parsed.body, request)
        ? gate.streams.open(caller.key, followed(match, caller.project))
        : undefined;
      try {
        const key = operation.creates && idempotencyKeyOf(request.headers);
        const answers = services.stores?.answers;
        if (!key || !answers) return present(await doIt(), place);
        const same = { project: caller.project, key, ...parsed, operation: match.name };
        const kept = onceOf(operation, request, same);
        return present(await once({ answers, clock: services.clock }, kept, doIt), place);
      } catch (error) {
        place?.[Symbol.dispose]();
        throw error;
      }
    } catch (error) {
      const refusal = toApiError(error);
      if (refusal !== error) log.error('A request failed', { requestId, ...errorFields(error) });
      audit?.(refusal.status);
      return errorAnswer(dialect === 'v1' ? inV1(refusal) : refusal, headers());
    }

    function present(reply: object, place: StreamPlace | undefined): HttpResponseInit {
      if (reply instanceof StreamReply) {
        audit?.(reply.status, {});
        return streamAnswer(reply, headers(), connection, log, place);
      }
      place?.[Symbol.dispose]();
      const { body, headers: own } = reply instanceof JsonReply ? reply : { body: reply, headers: {} };
      audit?.(200, body);
      return jsonAnswer(200, dialect === 'v1' ? toV1(body) : toV2(body), { ...headers(), ...own });
    }
  };
}

/** Ids that the address names, as they were given, and that of the object that is answered. Never contents. */
function objectsOf({ params }: Match, answered: object): string[] {
  const id = 'id' in answered && typeof answered.id === 'string' ? [answered.id] : [];
  return [...new Set([...Object.values(params), ...id])].filter(isPlausibleId);
}

/** @throws {ApiError} 404 for an unknown path, 405 for a known one that has no such method */
function find(method: string, pathname: string, dialect: Dialect): Match {
  const lookup = lookUp(method, pathname, dialect);
  if (lookup.found === 'operation') return lookup.match;
  if (lookup.found === 'nothing') throw unknownUrl(method, pathname);
  throw new ApiError(405, `Not allowed to ${method} on ${pathname}.`, { code: 'method_not_supported' });
}

const unknownUrl = (method: string, pathname: string): ApiError =>
  new ApiError(404, `Invalid URL (${method} ${pathname})`, { code: 'unknown_url' });

async function parse(match: Match, request: HttpRequest, url: URL, dialect: Dialect, share: BodyShare) {
  const operation: Operation = operations[match.name];
  requirePlausibleIds(match.params);
  const query = readQuery(operation.query, url.searchParams);
  if (!operation.body) return { params: match.params, query, body: undefined };
  const json = await readJson(request, operation.bodyLimits ?? SHORT_BODY, share);
  const isAssistant = operation.path.startsWith('/assistants');
  const body = validate(operation.body, dialect === 'v1' ? fromV1(json, isAssistant) : json);
  return { params: match.params, query, body };
}

const inV1 = (error: ApiError): ApiError =>
  new ApiError(error.status, textToV1(error.message), {
    type: error.type,
    code: error.code,
    param: error.param && textToV1(error.param),
    headers: error.headers,
  });

/**
 * Whoever has guessed too often is not listened to, whatever key comes next.
 * @throws {ApiError} 401, 429
 */
async function authenticated({ callers, strangers }: Gate, headers: Headers, now: number): Promise<Caller> {
  const address = addressOf(headers);
  strangers.admit(address, now);
  try {
    return await callers.authenticate(headers);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) strangers.refused(address, now);
    throw error;
  }
}

/** Whether the answer may go on for a while. */
function streams({ name }: Match, { answer }: Operation, body: unknown, { method }: HttpRequest): boolean {
  if (method === 'HEAD') return false;
  return name === 'followRunEvents' || 'bytes' in answer || (body as { stream?: unknown })?.stream === true;
}

/** The run that an answer follows. Named with the project, or one could take the places of another's run. */
const followed = ({ name, params }: Match, project: string): string | undefined =>
  name === 'followRunEvents' ? `${project} ${params.run_id}` : undefined;

/** Readers read; whatever changes something, or makes the model work, is for users. */
const roleFor = ({ method }: Operation) => (method === 'GET' ? 'reader' : 'user');

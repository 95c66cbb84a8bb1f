import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { z } from 'zod';

import { SECOND } from '../clock.ts';
import { parseAgentJson } from './agent-wire.ts';
import { SessionError } from './session.ts';

/**
 * Plain HTTP to one agent. `fetch` would hold several times the size of a large body in memory, so this is
 * `node:http` with streams.
 */
export interface AgentConnection {
  /** `http://10.1.2.4:8080` */
  readonly address: string;
  readonly token: string;
  /** Longest silence while it answers; default {@link IDLE_MS}. */
  readonly idleMs?: number;
  /** What an execution may take beyond its own time limit; default a minute. */
  readonly overtimeMs?: number;
}

/** The agent could not be reached, or went away while answering: a repetition may succeed. */
export class AgentUnreachable extends Error {}

/** It holds the connection and says nothing. */
export class AgentStalled extends AgentUnreachable {}

export const SMALL_ANSWER_BYTES = 64 * 1024;
/** Longest silence of an agent that is answering; its heartbeat comes every 10 s. */
export const IDLE_MS = 30 * SECOND;
const SHOWN_MESSAGE_CHARACTERS = 500;

const keepAlive = new Agent({ keepAlive: true, keepAliveMsecs: 10 * SECOND, maxFreeSockets: 64 });

export interface AgentCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly headers?: Record<string, string | number>;
  readonly idleMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Large bodies take a connection of their own: they cannot be repeated when an idle one turns out closed. */
  readonly ownConnection?: boolean;
}

/** Opens the request; the caller writes the body and ends it. */
export function openCall(connection: AgentConnection, call: AgentCall): ClientRequest {
  const outgoing = request(new URL(call.path, connection.address), {
    method: call.method,
    agent: call.ownConnection ? false : keepAlive,
    timeout: call.idleMs ?? connection.idleMs ?? IDLE_MS,
    headers: { authorization: `Bearer ${connection.token}`, ...call.headers },
    ...(call.signal ? { signal: call.signal } : {}),
  });
  outgoing.on('timeout', () => outgoing.destroy(new AgentStalled('the session stopped answering')));
  return outgoing;
}

/** The head of the answer. @throws {AgentUnreachable} or the signal's reason */
export async function answered(outgoing: ClientRequest, signal?: AbortSignal): Promise<IncomingMessage> {
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).on('error', reject);
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(error);
  }
}

/** A call with a small JSON body (or none) whose answer is small JSON. @throws {SessionError | AgentUnreachable} */
export async function callForJson<T extends z.ZodType>(
  connection: AgentConnection,
  call: AgentCall & { readonly json?: unknown; readonly maxBytes?: number },
  schema: T,
): Promise<z.output<T>> {
  const outgoing = openCall(connection, withJsonHeaders(call));
  outgoing.end(call.json === undefined ? undefined : JSON.stringify(call.json));
  const answer = await answered(outgoing, call.signal);
  const body = await readSmall(answer, call.maxBytes ?? SMALL_ANSWER_BYTES, call.signal);
  if (answer.statusCode !== undefined && answer.statusCode >= 300) throw refusal(answer.statusCode, body);
  return parse(body, schema);
}

export const withJsonHeaders = <C extends AgentCall & { json?: unknown }>(call: C): C =>
  call.json === undefined
    ? call
    : { ...call, headers: { ...call.headers, 'content-type': 'application/json' } };

/** @throws {SessionError} `misbehaved` when the text is not JSON of that shape */
export function parse<T extends z.ZodType>(json: string, schema: T): z.output<T> {
  let value: unknown;
  try {
    value = parseAgentJson(json);
  } catch (error) {
    throw new SessionError('misbehaved', 'The session answered with something that is not JSON.', {
      cause: error,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problem = parsed.error.issues[0];
  throw new SessionError(
    'misbehaved',
    `The session gave an invalid answer: ${problem?.path.join('.')}: ${problem?.message}`.slice(0, 300),
  );
}

/** Reads an answer of at most `maxBytes`. @throws {SessionError} `misbehaved` if it is longer */
export async function readSmall(
  answer: IncomingMessage,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new SessionError('misbehaved', 'The session sent too long an answer.');
      chunks.push(chunk);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof SessionError ? error : unreachable(error);
  }
  return Buffer.concat(chunks, bytes).toString('utf8');
}

export function unreachable(error: unknown): Error {
  if (error instanceof AgentUnreachable || error instanceof SessionError) return error;
  const reason =
    error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : 'unknown';
  return new AgentUnreachable(`the session cannot be reached (${reason})`, { cause: error });
}

/** For callers beyond this layer: an agent that stays unreachable is a session that is gone. */
export const asSessionError = (error: unknown): unknown =>
  error instanceof AgentUnreachable
    ? new SessionError('lost', `The Python session is gone: ${error.message}.`, { cause: error })
    : error;

/** An error answer of the agent. Its message may be forged, so it is shortened and never interpreted. */
export class AgentRefusal extends SessionError {
  readonly status: number;
  constructor(status: number, message: string) {
    // Another token is valid at this address: what listens there is no longer the session that we knew.
    super(status === 401 ? 'lost' : 'rejected', message);
    this.status = status;
  }
}

export function refusal(status: number, body: string): AgentRefusal {
  let message = `status ${status}`;
  try {
    const told = (JSON.parse(body) as { error?: { message?: unknown } } | null)?.error?.message;
    if (typeof told === 'string') message = told.slice(0, SHOWN_MESSAGE_CHARACTERS).toWellFormed();
  } catch {
    // Not the agent's error shape: the status alone is the message.
  }
  return new AgentRefusal(status, `The session refused: ${message}`);
}

import type { Readable } from 'node:stream';

import { SECOND } from '../clock.ts';
import { execute } from './agent-execution.ts';
import { getFile, listFiles, putFile } from './agent-files.ts';
import { type AgentConnection, AgentUnreachable, callForJson } from './agent-http.ts';
import { type Health, health } from './agent-wire.ts';
import type { ExecuteCall, ExecutionEvent, Session, SessionFile } from './session.ts';

const HEALTH_MS = 2 * SECOND;

/**
 * Asks whether an agent answers at this address, and which.
 * @throws {AgentUnreachable | SessionError} or the signal's reason
 */
export async function agentHealth(address: string, signal?: AbortSignal): Promise<Health> {
  const timeout = AbortSignal.timeout(HEALTH_MS);
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const call = { method: 'GET', path: '/healthz', idleMs: HEALTH_MS, signal: either } as const;
  try {
    return await callForJson({ address, token: '' }, call, health);
  } catch (error) {
    signal?.throwIfAborted();
    if (timeout.aborted) throw new AgentUnreachable('the session did not answer in time', { cause: error });
    throw error;
  }
}

/** One agent as the port {@link Session} sees it. */
export class AgentSession implements Session {
  readonly #connection: AgentConnection;
  readonly #incarnation: string;
  #generation: number;

  constructor(connection: AgentConnection, incarnation: string, generation: number) {
    this.#connection = connection;
    this.#incarnation = incarnation;
    this.#generation = generation;
  }

  get kernel(): string {
    return `${this.#incarnation}.${this.#generation}`;
  }

  execute(call: ExecuteCall, signal: AbortSignal): AsyncIterable<ExecutionEvent> {
    return execute(this.#connection, call, signal, (generation) => {
      this.#generation = generation;
    });
  }

  putFile(path: string, content: Readable, bytes: number, signal?: AbortSignal): Promise<SessionFile> {
    return putFile(this.#connection, path, content, bytes, signal);
  }

  getFile(file: SessionFile, signal?: AbortSignal): Promise<Readable> {
    return getFile(this.#connection, file, signal);
  }

  listFiles(signal?: AbortSignal): Promise<readonly SessionFile[]> {
    return listFiles(this.#connection, signal);
  }
}

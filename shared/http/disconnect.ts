import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * In stream mode `@azure/functions` writes a body without looking at backpressure, and tells nobody that the
 * client left (azure-functions-nodejs-library issues 294 and 273). Node's own diagnostics channel names the
 * response that the library writes to; the invocation id connects it with the invocation.
 */
const responses = new Map<string, ServerResponse>();

interface RequestStart {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

/** Starts watching; to be called once, before the first request. */
export function watchConnections(): void {
  if (watching) return;
  watching = true;
  subscribe('http.server.request.start', (message) => {
    const { request, response, server } = message as RequestStart;
    const invocation = request.headers['x-ms-invocation-id'];
    if (typeof invocation !== 'string' || responses.has(invocation)) return;
    // An upload may take longer than Node's 300 s; the platform ends idle connections itself.
    server.requestTimeout = 0;
    responses.set(invocation, response);
    response.once('close', () => responses.delete(invocation));
  });
}
let watching = false;

/** The client's end of one invocation. Without a known response it never leaves and is always ready. */
export interface Connection {
  /** Aborted when the client left before the answer was complete. */
  readonly signal: AbortSignal;
  /** Resolves when the client has taken enough of what was written, or left. */
  drained(): Promise<void>;
  /** Breaks the connection: the only honest end of an answer that cannot be completed. */
  destroy(): void;
}

export function connectionOf(invocationId: string): Connection {
  const response = responses.get(invocationId);
  const left = new AbortController();
  if (!response) return { signal: left.signal, drained: async () => {}, destroy: () => {} };
  const onClose = () => {
    if (!response.writableFinished) left.abort(new Error('The client closed the connection.'));
  };
  if (response.destroyed) onClose();
  else response.once('close', onClose);
  return {
    signal: left.signal,
    async drained() {
      if (!response.writableNeedDrain || response.destroyed) return;
      const settled = new AbortController();
      const options = { signal: settled.signal };
      const ended = (error: Error) => {
        if (error.name !== 'AbortError') throw error;
      };
      await Promise.race([
        once(response, 'drain', options).catch(ended),
        once(response, 'close', options).catch(ended),
      ]);
      settled.abort();
    },
    destroy: () => response.destroy(),
  };
}

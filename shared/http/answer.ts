import type { HttpResponseInit } from '@azure/functions';

import { ApiError } from '../api/error.ts';
import { errorFields, type Log } from '../log.ts';
import type { Connection } from './disconnect.ts';
import type { StreamReply } from './reply.ts';

/** Headers of every answer. */
export type CommonHeaders = Readonly<Record<string, string>>;

export function jsonAnswer(status: number, body: object, headers: CommonHeaders): HttpResponseInit {
  const text = JSON.stringify(body);
  return {
    status,
    headers: {
      ...headers,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
    },
    body: text,
  };
}

export const errorAnswer = (error: ApiError, headers: CommonHeaders): HttpResponseInit =>
  jsonAnswer(error.status, error.toBody(), { ...headers, ...error.headers });

/**
 * A body pulled as fast as the client takes it. A source that fails, or a client that leaves, never leaves
 * the library hanging: the connection breaks, and the source is told to end.
 * @param place given back at the end
 */
export function streamAnswer(
  reply: StreamReply,
  headers: CommonHeaders,
  connection: Connection,
  log: Log,
  place?: Disposable,
): HttpResponseInit {
  // An answer that is never asked for ends with its connection.
  connection.signal.addEventListener('abort', () => place?.[Symbol.dispose](), { once: true });
  return {
    status: reply.status,
    headers: { ...headers, ...reply.headers },
    body: paced(reply.body, connection, log, place),
  };
}

async function* paced(
  source: AsyncIterable<Uint8Array | string>,
  connection: Connection,
  log: Log,
  place: Disposable | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of source) {
      if (connection.signal.aborted) return;
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      await connection.drained();
    }
  } catch (error) {
    if (connection.signal.aborted) return;
    log.error('An answer broke off', errorFields(error));
    connection.destroy();
  } finally {
    place?.[Symbol.dispose]();
  }
}

/**
 * What the caller learns of a failure that is not a refusal. The official clients try again after any
 * status of 500 and above.
 */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isStorageFailure(error)) {
    return new ApiError(503, 'The storage of this deployment did not answer. Please retry your request.', {
      type: 'server_error',
      code: 'storage_unavailable',
      headers: { 'retry-after': '1' },
    });
  }
  return new ApiError(
    500,
    'The server had an error while processing your request. Sorry about that! You can retry your request; if it happens again, look for the request id in the logs of this deployment.',
    { type: 'server_error' },
  );
}

/** Errors of the storage clients that another attempt may not meet: no connection, throttling, 5xx. */
function isStorageFailure(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'RestError') return false;
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  return statusCode === undefined || statusCode >= 500 || statusCode === 429 || code === 'REQUEST_SEND_ERROR';
}

import type { HttpRequest } from '@azure/functions';

import { ApiError, badRequest } from '../api/error.ts';
import { guardJson } from './json-guard.ts';

const MEBIBYTE = 1024 * 1024;
/** Room for a hundred messages of the longest text; files do not come as JSON. */
export const MAX_JSON_BYTES = 32 * MEBIBYTE;

export const tooLarge = (what: string, limit: number): ApiError =>
  new ApiError(413, `${what} is too large: the limit is ${limit} bytes (${inMebibytes(limit)} MiB).`);

const inMebibytes = (bytes: number): string => String(Math.round((bytes / MEBIBYTE) * 10) / 10);

/** What reading a body needs of a request. */
export type BodySource = Pick<HttpRequest, 'body' | 'headers'>;

/**
 * Chunks of the request's body. Leaves the rest unread when the consumer stops: cancelling would cut the
 * connection before the answer.
 */
export async function* bodyChunks(request: BodySource): AsyncGenerator<Uint8Array> {
  if (!request.body) return;
  const reader = request.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array);
    }
  } finally {
    reader.releaseLock();
  }
}

export const declaredLength = (request: BodySource): number =>
  Number(request.headers.get('content-length') ?? 0);

/**
 * The JSON body; an empty one counts as `{}`, because many clients send none where every field is optional.
 * @throws {ApiError} 400, 413
 */
export async function readJson(request: BodySource): Promise<unknown> {
  if (declaredLength(request) > MAX_JSON_BYTES) throw tooLarge('The request body', MAX_JSON_BYTES);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of bodyChunks(request)) {
    bytes += chunk.length;
    if (bytes > MAX_JSON_BYTES) throw tooLarge('The request body', MAX_JSON_BYTES);
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  const body = parse(Buffer.concat(chunks));
  guardJson(body);
  return body;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badRequest(
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The API expects a JSON payload, but what was sent was not valid JSON.)",
    );
  }
}

import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { ApiError, badRequest } from '../api/error.ts';
import { tooLarge } from './too-large.ts';

export type Encoding = 'gzip' | 'identity';

/** Inflated at once: how far a small body can run ahead of the limit on what it becomes. */
const PIECE_BYTES = 64 * 1024;

/**
 * How a JSON body is compressed. `deflate` and the others are refused: no client of this API sends them.
 * @throws {ApiError} 415
 */
export function requestEncoding(headers: Headers): Encoding {
  const named = (headers.get('content-encoding') ?? '').trim().toLowerCase();
  if (named === '' || named === 'identity') return 'identity';
  if (named === 'gzip' || named === 'x-gzip') return 'gzip';
  throw new ApiError(
    415,
    `Unsupported content encoding '${named.slice(0, 100)}': JSON bodies may come as they are, or with 'gzip'.`,
    { code: 'unsupported_content_encoding', headers: { 'accept-encoding': 'gzip' } },
  );
}

/**
 * The bytes as they were before compression. What comes in is limited as well: a body of empty members inflates
 * to nothing for ever.
 * @throws {ApiError} 400, 413
 */
export async function* inflated(
  chunks: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  if (encoding === 'identity') return yield* chunks;
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  // A failure of either end reaches the reader below through the stream itself.
  pipeline(Readable.from(counted(chunks, maxBytes), { objectMode: false }), gunzip, () => {});
  try {
    yield* gunzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (!isZlibError(error)) throw error;
    throw badRequest(`We could not decompress the body of your request: ${error.message}.`);
  }
}

async function* counted(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge('The request body', maxBytes);
    yield chunk;
  }
}

const isZlibError = (error: unknown): error is Error =>
  error instanceof Error && String((error as { code?: unknown }).code).startsWith('Z_');

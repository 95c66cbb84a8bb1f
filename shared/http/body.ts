import { setImmediate as nextTurn } from 'node:timers/promises';

import type { HttpRequest } from '@azure/functions';

import type { BodyLimits } from '../api/body-limits.ts';
import { ApiError, badRequest } from '../api/error.ts';
import { MINUTE, SECOND } from '../clock.ts';
import type { BodyShare } from './body-budget.ts';
import { inflated, requestEncoding } from './content-encoding.ts';
import { guardJson } from './json-guard.ts';
import { JsonReader } from './json-reader.ts';

/** What reading a body needs of a request. */
export type BodySource = Pick<HttpRequest, 'body' | 'headers'>;

/** A client that sends nothing for so long is gone, or never meant to send. */
const IDLE_MS = MINUTE;
/** And one that drips is not waited for: the longest JSON body is 32 MiB. Files may take their time. */
const JSON_ARRIVAL_MS = 5 * MINUTE;
/** How long the rest of a body that was refused is read on. */
const DISCARD_MS = 5 * SECOND;
/** Bytes that are looked at in one go, about a millisecond's work. */
const SLICE_BYTES = 256 * 1024;

const tooSlow = (limitMs: number): ApiError =>
  new ApiError(408, `The request body did not arrive: this server waits ${limitMs / SECOND} s for it.`, {
    code: 'request_timeout',
  });

/**
 * Chunks of the request's body. When the consumer stops early, what is still to come is read and thrown away
 * for a while, so that the answer is not lost with the connection, and the connection is fit for the next
 * request: Node skips the rest of a body only where nothing of it was read.
 * @throws {ApiError} 408
 */
export async function* bodyChunks(
  request: BodySource,
  { idleMs = IDLE_MS, discardMs = DISCARD_MS } = {},
): AsyncGenerator<Uint8Array> {
  if (!request.body) return;
  const reader: BodyReader = request.body.getReader();
  let ended = false;
  let giveUp = (_reason: Error) => {};
  const timer = setTimeout(() => giveUp(tooSlow(idleMs)), idleMs);
  try {
    while (!ended) {
      timer.refresh();
      const { done, value } = await new Promise<Awaited<ReturnType<BodyReader['read']>>>(
        (resolve, reject) => {
          giveUp = reject;
          reader.read().then(resolve, reject);
        },
      );
      ended = done;
      if (!done) yield typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array);
    }
  } finally {
    clearTimeout(timer);
    if (!ended) void discard(reader, discardMs);
  }
}

type BodyReader = Pick<ReadableStreamDefaultReader<unknown>, 'read' | 'cancel'>;

/** Ends with the body, or cuts the connection of a client that goes on sending. */
async function discard(reader: BodyReader, discardMs: number): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), discardMs);
  try {
    // A turn for each chunk, or a sender that is never late would leave none to the timer.
    while (!(await reader.read()).done) await nextTurn();
  } catch {
    // The client has left: there is nothing more to read.
  } finally {
    clearTimeout(timer);
  }
}

export const declaredLength = (request: BodySource): number =>
  Number(request.headers.get('content-length') ?? 0);

/**
 * The JSON body, inflated where it came compressed; an empty one counts as `{}`, because many clients send none
 * where every field is optional. Never holds up other requests for long: see {@link JsonReader}.
 * @param share of the memory that bodies may take in this process
 * @throws {ApiError} 400, 408, 413, 415, 429
 */
export async function readJson(request: BodySource, limits: BodyLimits, share: BodyShare): Promise<unknown> {
  const encoding = requestEncoding(request.headers);
  const reader = new JsonReader(limits);
  if (declaredLength(request) > limits.bytes) throw reader.tooLarge();
  let turnAt = 0;
  const latest = performance.now() + JSON_ARRIVAL_MS;
  for await (const chunk of inflated(bodyChunks(request), encoding, limits.bytes)) {
    if (performance.now() > latest) throw tooSlow(JSON_ARRIVAL_MS);
    share.take(chunk.length);
    for (let from = 0; from < chunk.length; from += SLICE_BYTES) {
      asJson(() => reader.push(chunk.subarray(from, from + SLICE_BYTES)));
      // What has arrived in the meantime comes without a turn of its own.
      if (reader.bytes - turnAt < SLICE_BYTES) continue;
      turnAt = reader.bytes;
      await nextTurn();
    }
  }
  if (reader.bytes === 0) return {};
  const { value, texts } = asJson(() => reader.finish());
  if (reader.bytes > SLICE_BYTES) await nextTurn();
  return guardJson(value, texts);
}

/** What a parser found wrong is said in the API's words. */
function asJson<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest(
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The API expects a JSON payload, but what was sent was not valid JSON.)",
    );
  }
}

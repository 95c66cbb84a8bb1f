import { setTimeout as delay } from 'node:timers/promises';

import { SECOND } from '../../clock.ts';
import type { ClientSource } from '../../model/openai-client.ts';
import { modelError } from '../../model/openai-errors.ts';
import { type Embedder, type EmbedderIdentity, EmbeddingError } from './embedder.ts';

/** Texts and characters of one request. Servers take at most 2,048 texts, and 300,000 tokens of all together. */
const TEXTS_AT_ONCE = 256;
const CHARACTERS_AT_ONCE = 300_000;
const REQUESTS_AT_ONCE = 2;
/** A model takes 8,191 tokens of a text; no text has fewer characters than a token has bytes on average. */
const TEXT_CHARACTERS = 24_000;
const TIMEOUT_MS = 60 * SECOND;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20 * SECOND;
const MAX_WAIT_MS = 60 * SECOND;

/** By retrieval quality: test/search/corpus. */
export const MODEL_WEIGHTS = { vector: 0.6, text: 0.4 };

export interface OpenAIEmbedderOptions {
  readonly client: ClientSource;
  readonly identity: EmbedderIdentity;
  /** Keys that must not appear in messages. */
  readonly secrets: readonly string[];
}

/** Vectors by the configured model server's `/embeddings`. */
export function openaiEmbedder({ client, identity, secrets }: OpenAIEmbedderOptions): Embedder {
  /** Set once the server has refused to be told the length of vectors; models of one length do. */
  let sendsDimensions = true;

  async function request(texts: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const input = texts.map(acceptable);
    const { embeddings } = await client();
    const ask = (dimensions: object) =>
      embeddings.create(
        { model: identity.model, input, encoding_format: 'float', ...dimensions },
        { timeout: TIMEOUT_MS, ...(signal ? { signal } : {}) },
      );
    const answer = await ask(sendsDimensions ? { dimensions: identity.dimensions } : {}).catch(
      (error: unknown) => {
        if (!sendsDimensions || !/dimensions/i.test(messageOf(error)) || statusOf(error) !== 400) throw error;
        sendsDimensions = false;
        return ask({});
      },
    );
    return vectorsOf(answer.data, texts.length, identity);
  }

  async function patiently(
    texts: readonly string[],
    signal: AbortSignal | undefined,
    maxWaitMs: number,
  ): Promise<Float32Array[]> {
    const deadline = performance.now() + maxWaitMs;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
      signal?.throwIfAborted();
      try {
        return await request(texts, signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof EmbeddingError) throw error;
        const told = modelError(error, secrets);
        const pauseMs = Math.max(told.retryAfterMs ?? 0, waitMs * (0.5 + Math.random() / 2));
        if (!told.retryable || performance.now() + pauseMs > deadline) {
          const { message, retryable, retryAfterMs } = told;
          throw new EmbeddingError(message, { retryable, retryAfterMs, noEndpoint: saysNoEndpoint(error) });
        }
        await delay(pauseMs, undefined, signal ? { signal } : {});
      }
    }
  }

  return {
    identity,
    weights: MODEL_WEIGHTS,
    async embed(texts, { signal, maxWaitMs = MAX_WAIT_MS } = {}) {
      const groups = inGroups(texts);
      const vectors: Float32Array[] = [];
      for (let at = 0; at < groups.length; at += REQUESTS_AT_ONCE) {
        const some = groups.slice(at, at + REQUESTS_AT_ONCE);
        const answers = await Promise.all(some.map((group) => patiently(group, signal, maxWaitMs)));
        vectors.push(...answers.flat());
      }
      return vectors;
    },
  };
}

/** Servers refuse empty texts, and too long ones. */
const acceptable = (text: string): string =>
  text.trim() === '' ? ' .' : text.slice(0, TEXT_CHARACTERS).toWellFormed();

function inGroups(texts: readonly string[]): string[][] {
  const groups: string[][] = [];
  let characters = Number.POSITIVE_INFINITY;
  for (const text of texts) {
    const last = groups.at(-1);
    if (!last || last.length >= TEXTS_AT_ONCE || characters + text.length > CHARACTERS_AT_ONCE) {
      groups.push([text]);
      characters = text.length;
    } else {
      last.push(text);
      characters += text.length;
    }
  }
  return groups;
}

function vectorsOf(
  data: readonly { readonly index?: number; readonly embedding: unknown }[] | undefined,
  count: number,
  { model, dimensions }: EmbedderIdentity,
): Float32Array[] {
  const vectors = new Array<Float32Array>(count);
  for (const [place, { index, embedding }] of (Array.isArray(data) ? data : []).entries()) {
    const numbers = Array.isArray(embedding) ? embedding : [];
    if (numbers.length !== dimensions) {
      throw new EmbeddingError(
        `The embedding model '${model}' gives vectors of ${numbers.length} dimensions, and EMBEDDING_DIMENSIONS says ${dimensions}.`,
        { retryable: false },
      );
    }
    vectors[index ?? place] = unit(Float32Array.from(numbers as number[]));
  }
  for (let i = 0; i < count; i++) {
    if (vectors[i]) continue;
    throw new EmbeddingError(`The embedding model '${model}' left texts without a vector.`, {
      retryable: false,
    });
  }
  return vectors;
}

function unit(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return norm > 0 && Number.isFinite(norm)
    ? vector.map((value) => value / norm)
    : new Float32Array(vector.length);
}

/** Servers answer 404 for a model they do not have, too: that is a setting to be corrected, and they say so. */
function saysNoEndpoint(error: unknown): boolean {
  const { status, code, type } = error as { status?: number; code?: unknown; type?: unknown };
  if (status === 405 || status === 501) return true;
  if (status !== 404) return false;
  const told = `${String(code)} ${String(type)} ${messageOf(error)}`;
  return !/model|deployment/i.test(told);
}

const statusOf = (error: unknown): number | undefined => (error as { status?: number }).status;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');

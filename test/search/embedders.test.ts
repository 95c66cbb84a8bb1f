import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';

import type { LogFields } from '../../shared/log.ts';
import { EmbeddingError } from '../../shared/search/embed/embedder.ts';
import {
  createEmbedders,
  type EmbeddingConfig,
  embeddingModel,
} from '../../shared/search/embed/embedders.ts';
import { lexicalEmbedder } from '../../shared/search/embed/lexical.ts';
import { createFinder } from '../../shared/search/find.ts';
import type { SearchIndex } from '../../shared/search/search-index.ts';
import { modelConfig } from '../support/model-config.ts';

interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: { model: string; input: string[]; dimensions?: number };
}
type Answer = { status: number; body?: object; headers?: Record<string, string> } | undefined;

describe('embeddings by the model server', () => {
  const asked: Asked[] = [];
  /** Answers instead of vectors, one a request. */
  let script: (Answer | 'drop')[] = [];
  let url = '';
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const one = { path: request.url ?? '', headers: request.headers, body: body as Asked['body'] };
      asked.push(one);
      const next = script.shift();
      if (next === 'drop') return response.destroy();
      const dimensions = one.body.dimensions ?? 3;
      const data = one.body.input.map((text, index) => ({
        index,
        embedding: Array.from({ length: dimensions }, (_, k) => (k === text.length % dimensions ? 2 : 0)),
      }));
      response.writeHead(next?.status ?? 200, { 'content-type': 'application/json', ...next?.headers });
      // In another order than asked: the numbers tell.
      return response.end(JSON.stringify(next?.body ?? { data: data.reverse() }));
    });
  });
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    asked.length = 0;
    script = [];
  });

  const warnings: [string, LogFields | undefined][] = [];
  const log = {
    info: () => {},
    warn: (text: string, fields?: LogFields) => void warnings.push([text, fields]),
    error: () => {},
  };
  const config = (more: Partial<EmbeddingConfig> = {}): EmbeddingConfig => ({
    ...modelConfig(`${url}/v1`),
    EMBEDDING_MODEL: 'embed-small',
    EMBEDDING_DIMENSIONS: 4,
    ...more,
  });
  const fast = { maxWaitMs: 3_000 };
  const model = { provider: 'openai', model: 'embed-small', dimensions: 4 } as const;

  it('are asked for with model and dimensions, many texts at once, and come back in order and of length 1', async () => {
    const embedder = createEmbedders(config(), log).pinned(model);
    const texts = Array.from({ length: 600 }, (_, i) => 'x'.repeat(i % 7));
    const vectors = await embedder.embed(texts);
    assert.equal(vectors.length, 600);
    assert.deepEqual([...vectors[6]!], [0, 0, 1, 0]);
    assert.deepEqual(asked.map(({ body }) => body.input.length).sort(), [256, 256, 88]);
    assert.deepEqual(
      [asked[0]?.path, asked[0]?.body.model, asked[0]?.body.dimensions],
      ['/v1/embeddings', 'embed-small', 4],
    );
    assert.ok(
      asked.every(({ body }) => body.input.every((text) => text.trim() !== '')),
      'servers refuse empty texts',
    );
  });

  it('are asked for again after 429, 5xx and a broken connection, not before the server wants', async () => {
    script = [
      { status: 429, headers: { 'retry-after-ms': '300' }, body: { error: { message: 'slow' } } },
      'drop',
      { status: 503 },
    ];
    const begun = performance.now();
    const [vector] = await createEmbedders(config(), log).pinned(model).embed(['a'], { maxWaitMs: 20_000 });
    assert.deepEqual([...vector!], [0, 1, 0, 0]);
    assert.equal(asked.length, 4);
    assert.ok(performance.now() - begun >= 300);
  });

  it('are given up when the server refuses, or after the time there is, and say whether to come back', async () => {
    const embedder = createEmbedders(config(), log).pinned(model);
    script = [{ status: 400, body: { error: { message: 'bad text' } } }];
    await assert.rejects(embedder.embed(['a'], fast), {
      name: 'EmbeddingError',
      retryable: false,
      message: /bad text/,
    });
    script = Array.from({ length: 50 }, () => ({ status: 429, headers: { 'retry-after': '60' } }));
    await assert.rejects(embedder.embed(['a'], fast), {
      name: 'EmbeddingError',
      retryable: true,
      retryAfterMs: 60_000,
    });
    script = [{ status: 200, body: { data: [{ index: 0, embedding: [1, 2] }] } }];
    await assert.rejects(embedder.embed(['a'], fast), /2 dimensions, and EMBEDDING_DIMENSIONS says 4/);
    script = [{ status: 200, body: { data: [] } }];
    await assert.rejects(embedder.embed(['a'], fast), /left texts without a vector/);
    const gone = new AbortController();
    script = Array.from({ length: 50 }, () => ({ status: 503 }));
    const waiting = embedder.embed(['a'], { signal: gone.signal });
    gone.abort(new Error('not wanted'));
    await assert.rejects(waiting, /not wanted/);
  });

  it('of a model of one length only are asked for without naming it', async () => {
    const embedder = createEmbedders(config(), log).pinned({ ...model, dimensions: 3 });
    script = [{ status: 400, body: { error: { message: "This model does not support 'dimensions'." } } }];
    assert.equal((await embedder.embed(['a']))[0]?.length, 3);
    await embedder.embed(['b']);
    assert.deepEqual(
      asked.map(({ body }) => 'dimensions' in body),
      [true, false, false],
    );
  });

  it('come from an Azure deployment under its name, with its key', async () => {
    const azure = config({
      OPENAI_BASE_URL: undefined,
      AZURE_OPENAI_ENDPOINT: url,
      AZURE_OPENAI_API_KEY: 'AZURE-KEY',
    } as never);
    await createEmbedders(azure, log).pinned(model).embed(['a']);
    assert.match(asked[0]?.path ?? '', /^\/openai\/deployments\/embed-small\/embeddings\?api-version=/);
    assert.equal(asked[0]?.headers['api-key'], 'AZURE-KEY');
  });

  it('are chosen for new stores once, and words where the server has no such endpoint, said in the log', async () => {
    const there = createEmbedders(config(), log);
    assert.deepEqual((await there.forNewStore()).identity, model);
    await there.forNewStore();
    assert.equal(asked.length, 1);
    warnings.length = 0;
    script = [{ status: 404, body: { error: { message: 'Not found' } } }];
    assert.equal(await createEmbedders(config(), log).forNewStore(), lexicalEmbedder);
    assert.match(warnings[0]?.[0] ?? '', /no \/embeddings/);
    assert.equal(
      await createEmbedders(config({ EMBEDDING_MODEL: undefined }), log).forNewStore(),
      lexicalEmbedder,
    );
  });

  it('of a model that is not there are an error, and so is a server that does not answer: nothing is pinned', async () => {
    const embedders = createEmbedders(config(), log);
    script = [
      {
        status: 404,
        body: { error: { message: 'The model `embed-smal` does not exist', code: 'model_not_found' } },
      },
    ];
    await assert.rejects(embedders.forNewStore(), EmbeddingError);
    script = Array.from({ length: 20 }, () => ({ status: 503, headers: { 'retry-after': '60' } }));
    await assert.rejects(embedders.forNewStore(), { retryable: true });
    script = [];
    assert.deepEqual((await embedders.forNewStore()).identity, model, 'asked again by the next');
  });

  it('are those of the hosted API where its models are', () => {
    const openai = { OPENAI_BASE_URL: undefined, EMBEDDING_MODEL: undefined, OPENAI_API_KEY: 'k' };
    assert.equal(embeddingModel(config(openai)), 'text-embedding-3-large');
    assert.equal(embeddingModel(config({ ...openai, AZURE_OPENAI_ENDPOINT: 'https://x' })), undefined);
    assert.equal(embeddingModel(config({ EMBEDDING_MODEL: undefined })), undefined);
  });

  it('that cannot be had for a query leave it its words, and the log says so', async () => {
    const queries: unknown[] = [];
    const index = {
      search: async (_: unknown, query: unknown) => {
        queries.push(query);
        return [];
      },
    } as unknown as SearchIndex;
    const finder = createFinder({ index, embedders: createEmbedders(config(), log), log });
    warnings.length = 0;
    script = [{ status: 401, body: { error: { message: 'wrong key' } } }];
    const request = { store: { project: 'p', id: 'vs' }, queries: ['red wine'], limit: 3 };
    assert.deepEqual(await finder.find({ ...request, embedder: model }), []);
    assert.deepEqual((queries[0] as { vector?: unknown }).vector, undefined);
    assert.match(warnings[0]?.[0] ?? '', /words alone/);
    assert.doesNotMatch(JSON.stringify(warnings), /red wine/);
    assert.deepEqual(await finder.find({ ...request, embedder: undefined }), []);
    assert.equal(queries.length, 1);
  });
});

import './without-host.ts';

import { HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import OpenAI from 'openai';

import { handlers as assistants } from '../../functions/assistants.ts';
import { handlers as files } from '../../functions/files.ts';
import { handlers as messages } from '../../functions/messages.ts';
import { handlers as models } from '../../functions/models.ts';
import { handlers as runSteps } from '../../functions/run-steps.ts';
import { handlers as runs } from '../../functions/runs.ts';
import { handlers as threads } from '../../functions/threads.ts';
import { handlers as uploads } from '../../functions/uploads.ts';
import { createEndpoint, type Endpoint } from '../../shared/http/endpoint.ts';
import { type TestEngine, testEngine } from './engine.ts';

const handlers = {
  ...assistants,
  ...threads,
  ...messages,
  ...runs,
  ...runSteps,
  ...files,
  ...uploads,
  ...models,
};

/** The API in this process: the real handlers on real storage, without a host. */
export interface TestApi extends AsyncDisposable {
  readonly engine: TestEngine;
  /** Takes `http://api/…` addresses. */
  readonly fetch: typeof fetch;
  /** The official client of the project `team-a`; of another one with another key. */
  client(key?: string): OpenAI;
}

export async function testApi(environment: Record<string, string> = {}): Promise<TestApi> {
  const engine = await testEngine({
    API_KEYS: 'team-a:KEY-A,team-b:KEY-B',
    MODELS: 'scripted',
    ...environment,
  });
  const api = fetchOf(createEndpoint(handlers, async () => engine.services));
  return {
    engine,
    fetch: api,
    client: (key = 'KEY-A') =>
      new OpenAI({ baseURL: 'http://api/v1', apiKey: key, fetch: api, maxRetries: 0 }),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

let invocations = 0;

/** An endpoint as a `fetch` that needs no network. */
export function fetchOf(endpoint: Endpoint): typeof fetch {
  return async (input, init) => {
    const native = new Request(input, init);
    const request = new HttpRequest({
      method: native.method,
      url: native.url,
      headers: Object.fromEntries(native.headers),
      body: { bytes: new Uint8Array(await native.arrayBuffer()) },
    });
    const context = { invocationId: `invocation-${++invocations}` } as InvocationContext;
    return toResponse(await endpoint(request, context));
  };
}

function toResponse({ status, headers, body }: HttpResponseInit): Response {
  const stream = body !== null && typeof body === 'object' && Symbol.asyncIterator in body;
  const content = stream
    ? ReadableStream.from(body as AsyncIterable<Uint8Array>)
    : (body as string | undefined);
  return new Response(content ?? null, { status: status ?? 200, headers: headers as Record<string, string> });
}

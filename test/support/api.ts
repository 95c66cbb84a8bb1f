import './without-host.ts';

import OpenAI from 'openai';

import { handlers as assistants } from '../../functions/assistants.ts';
import { handlers as attachedFiles } from '../../functions/attached-files.ts';
import { handlers as files } from '../../functions/files.ts';
import { handlers as messages } from '../../functions/messages.ts';
import { handlers as models } from '../../functions/models.ts';
import { handlers as runEvents } from '../../functions/run-events.ts';
import { handlers as runSteps } from '../../functions/run-steps.ts';
import { handlers as runs } from '../../functions/runs.ts';
import { handlers as threads } from '../../functions/threads.ts';
import { handlers as uploads } from '../../functions/uploads.ts';
import { handlers as vectorStoreFileBatches } from '../../functions/vector-store-file-batches.ts';
import { handlers as vectorStoreFiles } from '../../functions/vector-store-files.ts';
import { handlers as vectorStores } from '../../functions/vector-stores.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Handlers } from '../../shared/http/call.ts';
import { createEndpoint } from '../../shared/http/endpoint.ts';
import type { Services } from '../../shared/services.ts';
import { type TestEngine, testEngine } from './engine.ts';
import { fetchOf } from './in-process.ts';

/** Every operation's handler: one without does not compile. */
export const handlers: Handlers<Services> = {
  ...assistants,
  ...attachedFiles,
  ...threads,
  ...messages,
  ...runs,
  ...runEvents,
  ...runSteps,
  ...files,
  ...uploads,
  ...vectorStores,
  ...vectorStoreFiles,
  ...vectorStoreFileBatches,
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

export async function testApi(environment: Record<string, string> = {}, clock?: Clock): Promise<TestApi> {
  const engine = await testEngine(
    {
      API_KEYS: 'team-a:KEY-A,team-b:KEY-B',
      MODELS: 'scripted',
      ...environment,
    },
    clock,
  );
  const api = fetchOf(createEndpoint(handlers, async () => engine.services));
  return {
    engine,
    fetch: api,
    client: (key = 'KEY-A') =>
      new OpenAI({ baseURL: 'http://api/v1', apiKey: key, fetch: api, maxRetries: 0 }),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

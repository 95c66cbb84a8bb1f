import OpenAI, { AzureOpenAI } from 'openai';

import { observeFetch } from './observed-fetch.ts';
import { findDocument, readDocument } from './public-document.ts';
import type { Api, RawAnswer, RawRequest } from './scene/row.ts';
import { finishedRun } from './scene/shared-objects.ts';
import type { Target } from './scene/target.ts';

/** A recent version of Azure's; which one makes no difference. */
const API_VERSION = '2025-04-01-preview';

export interface OpenApi {
  readonly api: Api;
  /** What was wrong with answers since the last call. */
  problems(): Promise<string[]>;
  /** Paths of the objects that rows made. */
  readonly made: ReadonlySet<string>;
  /** `POST /assistants` and so on, by the public document; none without it. */
  readonly documented: readonly string[];
}

/** Opens a target for rows. */
export function openApi(target: Target): OpenApi {
  const file = target.document ?? findDocument();
  const document = file === undefined ? undefined : readDocument(file);
  const observed = observeFetch(document);
  const { baseUrl, key, secondKey, model, script } = target;
  const options = { fetch: observed.fetch, maxRetries: 2 };
  const client = new OpenAI({ ...options, baseURL: `${baseUrl}/v1`, apiKey: key });

  async function send(method: string, path: string, request: RawRequest = {}): Promise<RawAnswer> {
    const given = request.key === undefined ? key : request.key;
    const plain = request.body instanceof Uint8Array || request.body instanceof FormData;
    const body = plain || typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
    const answer = await observed.fetch(`${baseUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { body: body as string }),
      headers: {
        ...(given === null ? {} : { authorization: `Bearer ${given}` }),
        ...(plain ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type') === 'application/json';
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text },
    };
  }

  const api: Api = {
    client,
    foundry: new OpenAI({ ...options, baseURL: `${baseUrl}/openai/v1`, apiKey: key }),
    azure: (apiVersion = API_VERSION) =>
      new AzureOpenAI({ ...options, endpoint: baseUrl, apiKey: key, apiVersion }),
    stranger: new OpenAI({ ...options, baseURL: `${baseUrl}/v1`, apiKey: secondKey ?? 'none' }),
    send,
    model,
    play: async (...turns) => script?.play(...turns),
    requests: async () => (await script?.requests()) ?? [],
    shared: {
      assistantId: once(async () => (await client.beta.assistants.create({ model, name: 'Conformance' })).id),
      finishedRun: once(() => finishedRun(api)),
    },
    done: observed.done,
  };
  return { api, problems: observed.problems, made: observed.made, documented: document?.operations ?? [] };
}

/** Remembers what was made; a failure is not kept. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

import OpenAI from 'openai';

import { bearerOf, type Credential } from './credential.ts';
import type { RunAddress } from './run-events.ts';

/** What the hosted API had no call for: `GET /threads`, and the events of a run from any point. */
export interface Api {
  /** The official client; nothing but its base URL is changed. */
  readonly client: OpenAI;
  readonly baseUrl: string;
  listThreads(query: { limit: number; after?: string }): Promise<Page<OpenAI.Beta.Thread>>;
  runEvents(run: RunAddress, after: string | undefined, signal: AbortSignal): Promise<Response>;
}

export interface Page<T> {
  readonly data: T[];
  readonly last_id: string | null;
  readonly has_more: boolean;
}

export function createApi(credential: Credential, origin: string): Api {
  const baseUrl = new URL('/v1', origin).href;
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey: bearerOf(credential),
    // The user's own key, in the user's own tab: that is what this page is.
    dangerouslyAllowBrowser: true,
    // With its own Response, for which the client would otherwise fetch `data:,`: the page's policy forbids that.
    fetch: Object.assign((...request: Parameters<typeof fetch>) => fetch(...request), { Response }),
    maxRetries: 2,
    timeout: 60_000,
  });
  return {
    client,
    baseUrl,
    listThreads: (query) => client.get('/threads', { query }),
    runEvents: ({ threadId, runId }, after, signal) =>
      client
        .get(`/threads/${encodeURIComponent(threadId)}/runs/${encodeURIComponent(runId)}/events`, {
          headers: { accept: 'text/event-stream', ...(after ? { 'last-event-id': after } : {}) },
          signal,
          maxRetries: 0,
          stream: true,
        })
        .asResponse(),
  };
}

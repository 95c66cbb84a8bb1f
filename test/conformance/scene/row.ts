import type OpenAI from 'openai';
import type { AzureOpenAI } from 'openai';

import type { OperationName } from '../../../shared/operations/all.ts';
import type { Script } from './target.ts';

/** What a row cannot do without, and not every target has. */
export type Need = 'scripted model' | 'second key';

/** One behaviour of the API. */
export interface Row {
  /** As a sentence. */
  readonly says: string;
  readonly needs?: readonly Need[];
  readonly run: (api: Api) => Promise<void>;
}

/** An answer as it stands, for requests that no client would send. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface RawRequest {
  /** JSON, unless it is a string or bytes. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** `null`: none. */
  readonly key?: string | null;
}

/** The target as a row meets it. Answers to every client here are checked against the schemas. */
export interface Api {
  /** The official client at `/v1`. */
  readonly client: OpenAI;
  /** The same at `/openai/v1`. */
  readonly foundry: OpenAI;
  /** The official Azure client at `/openai`, with the API version given (default: a recent one). */
  azure(apiVersion?: string): AzureOpenAI;
  /** A client of another project. */
  readonly stranger: OpenAI;
  /** @param path with its door: `/v1/assistants` */
  send(method: string, path: string, request?: RawRequest): Promise<RawAnswer>;
  readonly model: string;
  /** Lets the model say these turns next, where it is scripted; any other model says what it likes. */
  play: Script['play'];
  /** What the scripted model was sent since the row began. */
  requests: Script['requests'];
  /** Objects that many rows use and none changes. */
  readonly shared: SharedObjects;
  readonly done: ReadonlySet<OperationName>;
}

export interface SharedObjects {
  assistantId(): Promise<string>;
  /** A thread with one completed run. */
  finishedRun(): Promise<RunPlace>;
}

export interface RunPlace {
  readonly thread_id: string;
  readonly id: string;
}

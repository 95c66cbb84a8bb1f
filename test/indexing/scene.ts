import type OpenAI from 'openai';
import { toFile } from 'openai';

import type { Clock } from '../../shared/clock.ts';
import { type TestApi, testApi } from '../support/api.ts';

/** The API, and files to put into vector stores. Nothing is indexed until the test says so. */
export interface SearchScene extends AsyncDisposable {
  readonly api: TestApi;
  readonly client: OpenAI;
  /** Uploads a file, and returns its id. */
  upload(text: string, name?: string): Promise<string>;
  uploads(number: number, text?: (index: number) => string): Promise<string[]>;
  /** Does all work that waits. */
  pump(): Promise<void>;
}

export async function searchScene(
  environment: Record<string, string> = {},
  { key, clock }: { key?: string; clock?: Clock } = {},
): Promise<SearchScene> {
  const api = await testApi(environment, clock);
  const client = api.client(key);
  const upload = async (text: string, name = 'notes.txt') =>
    (await client.files.create({ file: await toFile(Buffer.from(text), name), purpose: 'assistants' })).id;
  return {
    api,
    client,
    upload,
    uploads: (number, text = (index) => `This is file number ${index}.`) =>
      Promise.all(Array.from({ length: number }, (_, index) => upload(text(index), `file-${index}.txt`))),
    pump: () => api.engine.pump(),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

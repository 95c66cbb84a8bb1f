import OpenAI from 'openai';

import { DEMO_MODEL } from '../demo-model/server.ts';
import { walkThrough } from './walkthrough.ts';

export interface DemoOptions {
  /** Of a running Hourglass, without `/v1`. */
  readonly url: string;
  readonly key: string;
  /** Which of its models to use. Default: the first that it lists. */
  readonly model?: string | undefined;
  /** Where the pictures are written. */
  readonly folder: string;
  readonly print: (line: string) => void;
}

const REAL_MODEL =
  'No model is configured, so the built-in demo model answers: a script that knows this walkthrough. The Python is real. For a real model set OPENAI_BASE_URL and OPENAI_API_KEY, or AZURE_OPENAI_ENDPOINT, and run the demo again.';

/**
 * The documentation's walkthrough against a running Hourglass. Prints each step as it happens and returns the
 * paths of the pictures.
 * @throws when there is no model to use, or the walkthrough fails
 */
export async function runDemo({ url, key, model, folder, print }: DemoOptions): Promise<string[]> {
  const client = new OpenAI({ baseURL: new URL('/v1', url).href, apiKey: key });
  const chosen = model ?? (await client.models.list()).data[0]?.id;
  if (chosen === undefined) {
    throw new Error('The server lists no models: name yours, as in npm run demo -- --model gpt-4o');
  }
  if (chosen === DEMO_MODEL) print(`${REAL_MODEL}\n`);
  const pictures = await walkThrough({ client, model: chosen, folder, print });
  print(`\nDone: ${pictures.join(' and ')}`);
  return pictures;
}

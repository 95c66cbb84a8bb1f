import OpenAI from 'openai';

import { DEMO_MODEL } from '../demo-model/server.ts';
import { playAnalyst } from './analyst.ts';
import { searchThrough } from './search-walkthrough.ts';
import { type Walkthrough, walkThrough } from './walkthrough.ts';

/** Each returns the paths of what it wrote. */
export const PLAYS = { walkthrough: documented, analyst: playAnalyst } as const;

export const isPlay = (name: string): name is keyof typeof PLAYS => Object.hasOwn(PLAYS, name);

/** The documentation's walkthrough, and a question to three documents. */
async function documented(demo: Walkthrough): Promise<string[]> {
  const pictures = await walkThrough(demo);
  await searchThrough(demo);
  return pictures;
}

export interface DemoOptions {
  /** Default: the walkthrough. */
  readonly play?: keyof typeof PLAYS;
  /** Of a running Hourglass, without `/v1`. */
  readonly url: string;
  readonly key: string;
  /** Which of its models to use. Default: its only one. */
  readonly model?: string | undefined;
  /** Where pictures and files are written. */
  readonly folder: string;
  readonly print: (line: string) => void;
  /** How long a single request may take, in milliseconds; default a minute. Runs are asked about again and again. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

const REAL_MODEL =
  'No model is configured, so the built-in demo model answers: a script that knows this demo. The Python is real. For a real model set OPENAI_BASE_URL and OPENAI_API_KEY, or AZURE_OPENAI_ENDPOINT, and run the demo again.';

/**
 * A demo against a running Hourglass. Prints each step as it happens and returns the paths of what it wrote.
 * @throws when it is not clear which model to use, the server stops answering, or the demo fails
 */
export async function runDemo(options: DemoOptions): Promise<string[]> {
  const { play = 'walkthrough', url, key, model, folder, print, timeoutMs: timeout = TIMEOUT_MS } = options;
  const client = new OpenAI({ baseURL: new URL('/v1', url).href, apiKey: key, timeout });
  const chosen = model ?? (await onlyModel(client));
  if (chosen === DEMO_MODEL) print(`${REAL_MODEL}\n`);
  const written = await PLAYS[play]({ client, model: chosen, folder, print });
  print(`\nDone: ${written.join(', ')}`);
  return written;
}

async function onlyModel(client: OpenAI): Promise<string> {
  const [first, ...others] = (await client.models.list()).data.map(({ id }) => id);
  if (first !== undefined && others.length === 0) return first;
  const found = first === undefined ? 'lists no models' : `lists ${others.length + 1} models`;
  throw new Error(`The server ${found}: name the one to use, as in npm run demo -- --model gpt-4o`);
}

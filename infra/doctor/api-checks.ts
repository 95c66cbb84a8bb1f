import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import OpenAI, { toFile } from 'openai';

import { az } from './az.ts';
import { type Check, type Finding, fail, pass, unknown } from './finding.ts';

export interface Api {
  readonly url: string;
  readonly key: string;
  /** The first one listed, where it is not said. */
  readonly model: string | undefined;
}

const MIB = 1024 * 1024;

/** What can be told by using a deployment as its callers do; what is made is deleted again. */
export function apiChecks(
  api: Api,
  limits: { readonly maxDirectBytes: number | undefined },
): readonly Check[] {
  const client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: api.key, maxRetries: 2 });
  const model = async () => api.model ?? (await client.models.list()).data[0]?.id ?? '';
  return [
    { name: 'readiness', run: () => readiness(api) },
    { name: 'a streamed run', run: async () => streamed(client, await model()) },
    { name: 'a polled run', run: async () => polled(client, await model()) },
    { name: 'an upload of 50 MB', run: () => upload(client, 50, limits.maxDirectBytes) },
    { name: 'an upload of 150 MB', run: () => upload(client, 150, limits.maxDirectBytes) },
    { name: 'what a session reaches', run: async () => sessionProbe(api, await model()) },
    { name: 'a queued run that nobody polls', slow: true, run: async () => unpolled(client, await model()) },
    { name: 'a stream of more than 230 s', slow: true, run: async () => longStream(client, await model()) },
  ];
}

async function readiness({ url }: Api): Promise<Finding> {
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(60_000) });
  const text = (await answer.text()).slice(0, 200);
  return answer.ok
    ? pass(text)
    : fail(
        `${answer.status} ${text}`,
        'docs/deploy.md, step 4: roles need minutes, then restart the app; docs/operate.md, incidents',
      );
}

/** A conversation of its own, which goes with all that it made. */
async function inThread<T>(
  client: OpenAI,
  model: string,
  question: string,
  work: (ids: { thread: string; assistant: string }) => Promise<T>,
  tools: OpenAI.Beta.AssistantTool[] = [],
): Promise<T> {
  const assistant = await client.beta.assistants.create({ model, tools, name: 'doctor' });
  const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: question }] });
  try {
    return await work({ thread: thread.id, assistant: assistant.id });
  } finally {
    await Promise.all([client.beta.threads.delete(thread.id), client.beta.assistants.delete(assistant.id)]);
  }
}

const COUNT = 'Count from one to two hundred in words, separated by commas, and say nothing else.';
const NOT_BUFFERED =
  'something on the way gathers the answer: Front Door or API Management with buffering on, or a proxy of yours';

function streamed(client: OpenAI, model: string): Promise<Finding> {
  return inThread(client, model, COUNT, async ({ thread, assistant }) => {
    const started = Date.now();
    const arrivals: number[] = [];
    let status = 'nothing';
    for await (const event of await client.beta.threads.runs.create(thread, {
      assistant_id: assistant,
      stream: true,
    })) {
      if (event.event === 'thread.message.delta') arrivals.push(Date.now() - started);
      if (event.event.startsWith('thread.run.')) status = event.event;
    }
    const took = Date.now() - started;
    const [first = took] = arrivals;
    if (status !== 'thread.run.completed')
      return fail(`it ended with ${status}`, 'docs/operate.md, incidents: *many runs fail*');
    const found = `${arrivals.length} pieces, the first after ${first} ms, the last after ${arrivals.at(-1) ?? took} ms`;
    // Too short an answer tells nothing.
    if (arrivals.length < 5 || took < 500)
      return pass(`${found} (too short to tell whether it is gathered on the way)`);
    return (arrivals.at(-1) ?? 0) - first > took / 10
      ? pass(found)
      : fail(`${found}: all at once`, NOT_BUFFERED);
  });
}

const PATIENCE_MS = 10_000;

function polled(client: OpenAI, model: string): Promise<Finding> {
  return inThread(client, model, 'Say hello, and nothing else.', async ({ thread, assistant }) => {
    const started = Date.now();
    const run = await client.beta.threads.runs.createAndPoll(thread, { assistant_id: assistant });
    const took = Date.now() - started;
    if (run.status !== 'completed')
      return fail(
        `${run.status}: ${run.last_error?.message ?? ''}`,
        'docs/operate.md, incidents: *many runs fail*',
      );
    return took < PATIENCE_MS
      ? pass(`completed after ${took} ms`)
      : fail(
          `completed after ${took} ms`,
          'a slow model, or ALWAYS_READY_HTTP 0: the first request wakes the app',
        );
  });
}

/** Messages are asked for, not the run: asking for the run would have the process that is asked advance it. */
function unpolled(client: OpenAI, model: string): Promise<Finding> {
  return inThread(client, model, 'Say hello, and nothing else.', async ({ thread, assistant }) => {
    const started = Date.now();
    await client.beta.threads.runs.create(thread, { assistant_id: assistant });
    while (Date.now() - started < 180_000) {
      await delay(1_000);
      const [newest] = (await client.beta.threads.messages.list(thread, { limit: 1 })).data;
      if (newest?.role === 'assistant' && newest.status !== 'in_progress')
        return pass(`a worker of the queue answered after ${Math.round((Date.now() - started) / 1000)} s`);
    }
    return fail(
      'no worker of the queue answered within 3 minutes',
      'docs/operate.md, incidents: *runs stay queued*',
    );
  });
}

const SLEEPS =
  'Use the code interpreter three times, one call after the other, each with exactly `import time; time.sleep(90); print("awake")`. Then say "done".';

function longStream(client: OpenAI, model: string): Promise<Finding> {
  return inThread(
    client,
    model,
    SLEEPS,
    async ({ thread, assistant }) => {
      const started = Date.now();
      let status = 'nothing';
      try {
        for await (const event of await client.beta.threads.runs.create(thread, {
          assistant_id: assistant,
          stream: true,
        }))
          if (event.event.startsWith('thread.run.') && !event.event.includes('step')) status = event.event;
      } catch (error) {
        return fail(
          `broke off after ${Math.round((Date.now() - started) / 1000)} s: ${(error as Error).message}`,
          'something on the way ends connections: its idle limit must be above 15 s, its limit of a whole answer above the longest run',
        );
      }
      const seconds = Math.round((Date.now() - started) / 1000);
      if (status !== 'thread.run.completed')
        return fail(`${status} after ${seconds} s`, 'docs/operate.md, incidents');
      return seconds > 230
        ? pass(`it lasted ${seconds} s`)
        : unknown(`the model did not sleep long enough: ${seconds} s`);
    },
    [{ type: 'code_interpreter' }],
  );
}

async function upload(
  client: OpenAI,
  megabytes: number,
  maxDirectBytes = Number.POSITIVE_INFINITY,
): Promise<Finding> {
  const bytes = megabytes * MIB;
  const started = Date.now();
  try {
    const file = await client.files.create({
      file: await toFile(Buffer.alloc(bytes, 'doctor\n'), `doctor-${megabytes}.txt`),
      purpose: 'assistants',
    });
    await client.files.delete(file.id);
    const found = `taken in ${Date.now() - started} ms`;
    return bytes <= maxDirectBytes ? pass(found) : fail(found, 'it is above MAX_DIRECT_UPLOAD_BYTES');
  } catch (error) {
    const { status, message } = error as { status?: number; message: string };
    const refused = status === 413 && /\/uploads/.test(message);
    if (refused && bytes > maxDirectBytes) return pass('refused with 413, which names /uploads');
    return fail(
      `${status ?? ''} ${message}`.trim().slice(0, 200),
      'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT above MAX_DIRECT_UPLOAD_BYTES; a gateway before the app may have a limit of its own',
    );
  }
}

/** `npm run session:probe`, which has code of a session try what it should not reach. */
function sessionProbe({ url, key }: Api, model: string): Promise<Finding> {
  const script = fileURLToPath(new URL('../../local/session-probe.ts', import.meta.url));
  if (!existsSync(script)) return Promise.resolve(unknown('this version has no session probe'));
  const child = spawn(process.execPath, [script, '--url', url, '--key', key, '--model', model], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return new Promise((resolve) => {
    child.once('close', (code) => {
      const lines = text.split('\n').filter(Boolean);
      const open = lines.filter((line) => line.startsWith('OPEN'));
      if (code === 0) resolve(pass('nothing that it should not'));
      else if (code === 1 && open.length > 0)
        resolve(
          fail(
            open.join('; '),
            'docs/sessions.md, Isolation: the subnet’s rules and the identity of the groups',
          ),
        );
      else resolve(unknown(`the probe did not come to its end: ${lines.at(-1)?.slice(0, 200) ?? ''}`));
    });
  });
}

/** Asked last: telemetry is minutes late. */
export function telemetryCheck(resourceGroup: string): Check {
  return { name: 'telemetry', slow: true, run: () => telemetry(resourceGroup) };
}

async function telemetry(resourceGroup: string): Promise<Finding> {
  const [workspace] = await az<{ customerId: string }[]>(
    ...['monitor', 'log-analytics', 'workspace', 'list', '--resource-group', resourceGroup],
  );
  if (!workspace) return unknown('no workspace in that group');
  const query =
    "union (AppMetrics | where Name startswith 'hourglass' | summarize n = count() | project kind = 'metrics', n), (AppTraces | summarize n = count() | project kind = 'logs', n)";
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const rows = await az<{ kind: string; n: string }[]>(
      ...['monitor', 'log-analytics', 'query', '--workspace', workspace.customerId],
      ...['--timespan', 'PT30M', '--analytics-query', query],
    );
    const missing = ['metrics', 'logs'].filter(
      (kind) => !rows.some((row) => row.kind === kind && Number(row.n) > 0),
    );
    if (missing.length === 0) return pass('metrics and logs of the last half hour are there');
    if (attempt === 9)
      return fail(
        `no ${missing.join(', no ')} of the last half hour`,
        'docs/operate.md, incidents: *no telemetry*',
      );
    await delay(30_000);
  }
  return unknown('not asked');
}

import { setTimeout as delay } from 'node:timers/promises';

import OpenAI from 'openai';

import { startHostProcess } from '../local/host-process.ts';
import { emulatedSessions } from '../local/settings.ts';
import { testStorage } from '../test/support/azurite.ts';
import { echo, startScriptedModel } from '../test/support/scripted-model.ts';
import { milliseconds, p50p95, percentile, type Report } from './report.ts';

const RUNS = 20;
/** Long enough for the listener to poll as slowly as it ever does (host.json, `maxPollingInterval`). */
const IDLE_MS = 1_300;
const COLD_SECONDS = 30;

/**
 * What `RUN_OVERTAKE_SECONDS` is chosen by: how long a run waits in a queue whose function is warm and idle, and how long
 * a polled run takes while the function sleeps for 30 s.
 */
export async function run(report: Report): Promise<void> {
  const model = await startScriptedModel({ respond: echo });
  const storage = await testStorage();
  const warm = await measure('warm', 0);
  report.row('warm, idle queue: create → the model is asked (p50 / p95)', p50p95(warm));
  report.row('the longest of them', milliseconds(percentile(warm, 1)), 'half of RUN_OVERTAKE_SECONDS');
  const cold = await measure('cold', COLD_SECONDS);
  report.row(`queue asleep for ${COLD_SECONDS} s: create → completed (p50 / p95)`, p50p95(cold), '< 3 s');
  await model.stop();

  async function measure(name: 'warm' | 'cold', coldQueueSeconds: number): Promise<number[]> {
    const host = await startHostProcess({
      coldQueueSeconds,
      environment: {
        PATH: process.env.PATH,
        AzureWebJobsStorage: storage.connectionString,
        STORAGE_PREFIX: `${storage.prefix}${name}`,
        API_KEYS: 'bench:KEY-OF-THE-BENCHMARK',
        OPENAI_BASE_URL: model.url,
        OPENAI_API_KEY: 'none',
        MODELS: 'scripted',
        ...(name === 'warm' ? { RUN_OVERTAKE_SECONDS: '60' } : {}),
        ...emulatedSessions('http://127.0.0.1:9'),
      },
    });
    try {
      const client = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'KEY-OF-THE-BENCHMARK' });
      const { id: assistant_id } = await client.beta.assistants.create({ model: 'scripted' });
      const times: number[] = [];
      for (let n = 0; n < (name === 'warm' ? RUNS : 3); n += 1) {
        const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
        if (name === 'warm') await delay(IDLE_MS);
        const asked = model.received(model.requests.length + 1);
        const started = performance.now();
        const { id } = await client.beta.threads.runs.create(thread.id, { assistant_id });
        if (name === 'warm') await asked;
        else await client.beta.threads.runs.poll(id, { thread_id: thread.id });
        times.push(performance.now() - started);
      }
      return times;
    } finally {
      await host.stop();
    }
  }
}

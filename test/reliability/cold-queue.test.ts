import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';

import { emulatedSessions } from '../../local/settings.ts';
import { testStorage } from '../support/azurite.ts';
import { assertNoHandlerThrew, startHost } from '../support/host.ts';
import { echo, startScriptedModel } from '../support/scripted-model.ts';

/** Longer than any run here takes: what is done before it, no queue function did. */
const COLD_SECONDS = 120;

test('polled runs are done while the function of the queue still sleeps, each of them once', async (t) => {
  await using model = await startScriptedModel({ respond: echo });
  const storage = await testStorage();
  const host = await startHost({
    coldQueueSeconds: COLD_SECONDS,
    environment: {
      PATH: process.env.PATH,
      AzureWebJobsStorage: storage.connectionString,
      STORAGE_PREFIX: `${storage.prefix}cold`,
      API_KEYS: 'cold:KEY-OF-THE-COLD-QUEUE',
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'none',
      MODELS: 'scripted',
      ...emulatedSessions('http://127.0.0.1:9'),
    },
  });
  t.after(() => host.stop());
  const client = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'KEY-OF-THE-COLD-QUEUE' });
  const assistant = await client.beta.assistants.create({ model: 'scripted' });
  const once = async (text: string) => {
    const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: text }] });
    const started = performance.now();
    const run = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    const tookMs = performance.now() - started;
    assert.equal(run.status, 'completed', JSON.stringify(run.last_error));
    const { data } = await client.beta.threads.messages.list(thread.id);
    assert.equal(data.length, 2, 'one question, one answer');
    assert.ok(tookMs < COLD_SECONDS * 500, `${tookMs} ms`);
    return tookMs;
  };
  const alone = await once('a run alone');
  const together = await Promise.all(['one', 'two', 'three', 'four'].map(once));
  assert.equal(model.requests.length, 5, 'no run asked the model twice');
  const shown = [alone, ...together].map((ms) => Math.round(ms)).join(', ');
  t.diagnostic(`create → completed with a cold queue: ${shown} ms`);
  assertNoHandlerThrew(host);
});

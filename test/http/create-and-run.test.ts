import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import OpenAI, { toFile } from 'openai';

import { createEndpoint } from '../../shared/http/endpoint.ts';
import type { Services } from '../../shared/services.ts';
import type { RunStore } from '../../shared/store/runs.ts';
import { handlers, testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { fetchOf } from '../support/in-process.ts';
import { replaced } from '../support/replaced.ts';

const api = await testApi({ RUN_LEASE_SECONDS: '1' });
after(() => api[Symbol.asyncDispose]());

const client = api.client();
let assistant_id = '';
let file_id = '';
before(async () => {
  assistant_id = (await client.beta.assistants.create({ model: 'scripted' })).id;
  const file = await toFile(Buffer.from('x'), 'x');
  file_id = (await client.files.create({ file, purpose: 'assistants' })).id;
});

type Json = Record<string, unknown>;

/** Ids of all the project's threads. */
async function threads(): Promise<string[]> {
  const { data } = await client.get<{ data: { id: string }[] }>('/threads', { query: { limit: 100 } });
  return data.map(({ id }) => id);
}

const user = { role: 'user', content: 'x' };
const unknownFiles = { code_interpreter: { file_ids: ['file-x'] } };
const vectorStores = { file_search: { vector_store_ids: ['vs_x'] } };

const refusals: Record<string, [status: 400 | 404, body: () => Json]> = {
  'an unknown assistant': [404, () => ({ assistant_id: 'asst_x', thread: { messages: [user] } })],
  'no assistant': [400, () => ({ thread: { messages: [user] } })],
  'an unknown file for the run': [404, () => ({ assistant_id, tool_resources: unknownFiles })],
  'an unknown file for the thread': [404, () => ({ assistant_id, thread: { tool_resources: unknownFiles } })],
  'an unknown file among known ones': [
    404,
    () => ({
      assistant_id,
      thread: {
        messages: [
          {
            ...user,
            attachments: [
              { file_id, tools: [] },
              { file_id: 'file-x', tools: [] },
            ],
          },
        ],
      },
    }),
  ],
  'an unknown picture': [
    404,
    () => ({
      assistant_id,
      thread: {
        messages: [{ role: 'user', content: [{ type: 'image_file', image_file: { file_id: 'file-x' } }] }],
      },
    }),
  ],
  'an unknown vector store for the run': [404, () => ({ assistant_id, tool_resources: vectorStores })],
  'an unknown vector store for the thread': [
    404,
    () => ({ assistant_id, thread: { tool_resources: vectorStores } }),
  ],
  'a tool choice that is none': [400, () => ({ assistant_id, tool_choice: 'perhaps' })],
  'a choice of a tool without a name': [400, () => ({ assistant_id, tool_choice: { type: 'function' } })],
  'a budget that is too small': [400, () => ({ assistant_id, max_prompt_tokens: 0 })],
  'a response format that is none': [400, () => ({ assistant_id, response_format: { type: 'xml' } })],
  'an empty message': [400, () => ({ assistant_id, thread: { messages: [{ ...user, content: '' }] } })],
  'an unknown field': [400, () => ({ assistant_id, thread: {}, additional_instructions: 'x' })],
};

for (const stream of [false, true]) {
  for (const [what, [status, body]] of Object.entries(refusals)) {
    test(`${what}: refused${stream ? ' before anything is streamed' : ''}, and no thread is left`, async () => {
      const known = await threads();
      const request = { ...body(), stream } as never;
      await assert.rejects(client.beta.threads.createAndRun(request), { status });
      assert.deepEqual(await threads(), known);
    });
  }
}

/** A client of an app that has some of its parts replaced. */
function clientOf(parts: Partial<Services>): OpenAI {
  const fetch = fetchOf(createEndpoint(handlers, async () => ({ ...api.engine.services, ...parts })));
  return new OpenAI({ baseURL: 'http://api/v1', apiKey: 'KEY-A', fetch, maxRetries: 0 });
}

const away = () => Promise.reject(new Error('storage is away'));

for (const stream of [false, true]) {
  const request = () => ({ assistant_id, thread: { messages: [user] }, stream }) as never;

  test(`a run that storage did not let begin takes its thread with it${stream ? ' (streamed)' : ''}`, async () => {
    const known = await threads();
    const runQueue = replaced(api.engine.services.runQueue, { put: away });
    await assert.rejects(clientOf({ runQueue }).beta.threads.createAndRun(request()), { status: 500 });
    assert.deepEqual(await threads(), known);
  });

  test(`a run that began although storage did not say so keeps its thread, and is done${stream ? ' (streamed)' : ''}`, async () => {
    const known = await threads();
    const { stores } = api.engine.services;
    const begin: RunStore['begin'] = async (...run) => {
      await stores.runs.begin(...run);
      return away();
    };
    const unclear = clientOf({ stores: { ...stores, runs: replaced(stores.runs, { begin }) } });
    await assert.rejects(unclear.beta.threads.createAndRun(request()), { status: 500 });
    const [thread_id = ''] = (await threads()).filter((id) => !known.includes(id));
    const [run] = (await client.beta.threads.runs.list(thread_id)).data;
    assert.ok(run);
    api.engine.model.add({ text: 'Hello' });
    await eventually('the end of the run', async () => {
      await api.engine.pump();
      return (await client.beta.threads.runs.retrieve(run.id, { thread_id })).status === 'completed';
    });
    api.engine.model.assertDone();
  });
}

test('a thread that cannot be taken back does not hide why', async () => {
  const { runQueue, stores, log } = api.engine.services;
  const warnings: string[] = [];
  const broken = clientOf({
    runQueue: replaced(runQueue, { put: away }),
    stores: { ...stores, runs: replaced(stores.runs, { list: away }) },
    log: { ...log, warn: (message) => warnings.push(message) },
  });
  const request = { assistant_id, thread: { messages: [user] } } as never;
  await assert.rejects(broken.beta.threads.createAndRun(request), { status: 500 });
  assert.deepEqual(warnings, ['a thread was left without the run it was made for']);
});

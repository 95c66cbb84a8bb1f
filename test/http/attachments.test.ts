import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import type OpenAI from 'openai';

import { testApi } from '../support/api.ts';
import { storageTraffic } from '../support/storage-traffic.ts';

/** Files attached to messages become resources of their thread, as the API's documentation has it. */
const api = await testApi();
after(() => api[Symbol.asyncDispose]());
beforeEach(() => {
  api.engine.model.reset();
  api.engine.model.respond(() => ({ text: 'ok' }));
});
const client = api.client();
const { assistants, threads } = client.beta;

type NewMessage = OpenAI.Beta.Threads.MessageCreateParams;
type Tool = 'code_interpreter' | 'file_search';

const upload = async (name = 'x.csv') =>
  (await client.files.create({ file: new File(['x'], name), purpose: 'assistants' })).id;
const uploads = (count: number) => Promise.all(Array.from({ length: count }, () => upload()));
const attaching = (ids: readonly string[], ...tools: Tool[]): NewMessage => ({
  role: 'user',
  content: 'Look',
  attachments: ids.map((file_id) => ({ file_id, tools: tools.map((type) => ({ type })) })),
});
const forCode = (...ids: string[]) => attaching(ids, 'code_interpreter');
const filesOf = async (id: string) => (await threads.retrieve(id)).tool_resources?.code_interpreter?.file_ids;
const interpreter = async () =>
  (await assistants.create({ model: 'scripted', tools: [{ type: 'code_interpreter' }] })).id;

const ways: [string, (message: NewMessage) => Promise<string>][] = [
  ['with a new thread', async (message) => (await threads.create({ messages: [message] })).id],
  [
    'to a thread',
    async (message) => {
      const { id } = await threads.create();
      await threads.messages.create(id, message);
      return id;
    },
  ],
  [
    'with a run',
    async (message) => {
      const { id } = await threads.create();
      await threads.runs.create(id, { assistant_id: await interpreter(), additional_messages: [message] });
      return id;
    },
  ],
  [
    'with a thread and its run',
    async (message) => {
      const assistant_id = await interpreter();
      return (await threads.createAndRun({ assistant_id, thread: { messages: [message] } })).thread_id;
    },
  ],
];
for (const [how, add] of ways) {
  test(`files of a message that comes ${how} are the thread's`, async () => {
    const [one, two] = [await upload(), await upload()];
    assert.deepEqual(await filesOf(await add(forCode(one, two))), [one, two]);
    assert.deepEqual(await filesOf(await add({ ...forCode(), file_ids: [one] } as NewMessage)), [one]);
    assert.equal(await filesOf(await add(attaching([one], 'file_search'))), undefined);
    assert.equal(await filesOf(await add(attaching([one]))), undefined);
  });
}

test('the answers to creating a thread show it at once, and nothing else of the thread changes', async () => {
  const [one, two] = [await upload(), await upload()];
  const created = await threads.create({ messages: [forCode(one)], metadata: { k: 'v' } });
  assert.deepEqual(created.tool_resources, { code_interpreter: { file_ids: [one] } });
  assert.deepEqual(await threads.retrieve(created.id), created);
  await threads.messages.create(created.id, forCode(two));
  const tool_resources = { code_interpreter: { file_ids: [one, two] } };
  assert.deepEqual(await threads.retrieve(created.id), { ...created, tool_resources });
  assert.equal((await threads.messages.list(created.id)).data.length, 2);
});

test("in the API's first version, too", async () => {
  const file = await upload();
  const ask = async (path: string, body: object) => {
    const headers = { authorization: 'Bearer KEY-A', 'openai-beta': 'assistants=v1' };
    const answer = await api.fetch(`http://api/v1${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return (await answer.json()) as { id: string };
  };
  const { id } = await ask('/threads', {});
  await ask(`/threads/${id}/messages`, { role: 'user', content: 'Look', file_ids: [file] });
  assert.deepEqual(await filesOf(id), [file]);
});

test('a message that brings a file costs no more requests to storage than one whose file the thread has', async () => {
  const file = await upload();
  const { id } = await threads.create();
  const cost = async (...tools: Tool[]) =>
    (await storageTraffic(() => threads.messages.create(id, attaching([file], ...tools)))).transactions.map(
      ({ service, method }) => `${service} ${method}`,
    );
  assert.deepEqual(await cost('code_interpreter'), await cost('code_interpreter'));
});

test('files of messages that come at the same time all arrive', async () => {
  const files = await uploads(8);
  const { id } = await threads.create();
  await Promise.all(files.map((file) => threads.messages.create(id, forCode(file))));
  assert.deepEqual((await filesOf(id))?.toSorted(), files.toSorted());
});

test('a thread has 20: those it was given stay, and of the attached ones the newest', async () => {
  const [given, first, second, more] = await Promise.all([uploads(2), uploads(10), uploads(7), uploads(3)]);
  const tool_resources = { code_interpreter: { file_ids: given } };
  const { id } = await threads.create({ tool_resources, messages: [forCode(...first)] });
  await threads.messages.create(id, forCode(...second));
  assert.deepEqual(await filesOf(id), [...given, ...first, ...second]);
  // The oldest is attached once more, and so the newest.
  const [again = '', ...others] = first;
  await threads.messages.create(id, forCode(again, ...more));
  assert.deepEqual(await filesOf(id), [...given, ...others.slice(2), ...second, again, ...more]);
  const full = await uploads(20);
  await threads.update(id, { tool_resources: { code_interpreter: { file_ids: full } } });
  await threads.messages.create(id, forCode(again));
  assert.deepEqual(await filesOf(id), full);
  await threads.update(id, { tool_resources: null });
  await threads.messages.create(id, forCode(again));
  assert.deepEqual(await filesOf(id), [again]);
});

test('a run has them when their message is not in its prompt, and when it is deleted', async () => {
  const [file, later] = [await upload('early.csv'), await upload('later.csv')];
  const assistant_id = await interpreter();
  const { id: thread_id } = await threads.create({ messages: [forCode(file)] });
  await threads.messages.create(thread_id, { role: 'user', content: 'Sum it up' });
  // The runs of other tests.
  await api.engine.pump();
  const told = async (run: object = {}) => {
    await threads.runs.create(thread_id, { assistant_id, ...run });
    await api.engine.pump();
    return String(api.engine.model.requests.at(-1)?.body.messages[0]?.content);
  };
  const truncation_strategy = { type: 'last_messages', last_messages: 1 };
  assert.match(await told({ truncation_strategy }), /"early\.csv"/);
  const additional_messages = [forCode(later), { role: 'user', content: 'And this' }];
  assert.match(await told({ truncation_strategy, additional_messages }), /"early\.csv", "later\.csv"/);
  const { data } = await threads.messages.list(thread_id, { order: 'asc' });
  await threads.messages.delete(data[0]?.id ?? '', { thread_id });
  assert.match(await told(), /"early\.csv"/);
});

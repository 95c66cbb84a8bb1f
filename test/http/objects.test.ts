import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import { testApi } from '../support/api.ts';

const api = await testApi();
after(() => api[Symbol.asyncDispose]());
const client = api.client();
const { assistants, threads } = client.beta;

test('an assistant is created, read, listed, changed and deleted', async () => {
  const created = await assistants.create({
    model: 'scripted',
    name: 'Plotter',
    tools: [{ type: 'code_interpreter' }],
  });
  assert.deepEqual(
    { ...created, id: '', created_at: 0 },
    {
      id: '',
      object: 'assistant',
      created_at: 0,
      name: 'Plotter',
      description: null,
      model: 'scripted',
      instructions: null,
      tools: [{ type: 'code_interpreter' }],
      tool_resources: { code_interpreter: { file_ids: [] } },
      metadata: {},
      temperature: 1,
      top_p: 1,
      response_format: 'auto',
    },
  );
  assert.match(created.id, /^asst_/);
  assert.deepEqual(await assistants.retrieve(created.id), created);
  const changed = await assistants.update(created.id, { name: null, temperature: 0, metadata: { a: 'b' } });
  assert.deepEqual(changed, { ...created, name: null, temperature: 0, metadata: { a: 'b' } });
  const page = await assistants.list({ limit: 1 });
  assert.deepEqual(page.data[0], changed);
  assert.deepEqual(await assistants.delete(created.id), {
    id: created.id,
    object: 'assistant.deleted',
    deleted: true,
  });
  await assert.rejects(assistants.retrieve(created.id), {
    status: 404,
    error: {
      message: `No assistant found with id '${created.id}'.`,
      type: 'invalid_request_error',
      param: null,
      code: null,
    },
  });
});

test('a thread with messages of every kind comes back as it was written', async () => {
  const file = await client.files.create({
    file: await toFile(Buffer.from('x'), 'x.png'),
    purpose: 'vision',
  });
  const thread = await threads.create({
    messages: [{ role: 'user', content: 'first' }],
    metadata: { k: 'v' },
  });
  assert.deepEqual(thread.tool_resources, {});
  const content: OpenAI.Beta.Threads.MessageContentPartParam[] = [
    { type: 'text', text: 'second 😀' },
    { type: 'image_file', image_file: { file_id: file.id } },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
  ];
  const message = await threads.messages.create(thread.id, {
    role: 'assistant',
    content,
    attachments: [{ file_id: file.id, tools: [{ type: 'code_interpreter' }] }],
  });
  assert.deepEqual(message.content, [
    { type: 'text', text: { value: 'second 😀', annotations: [] } },
    { type: 'image_file', image_file: { file_id: file.id, detail: 'auto' } },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
  ]);
  const page = await threads.messages.list(thread.id, { order: 'asc' });
  assert.deepEqual(
    page.data.map((entry) => entry.content[0]),
    [{ type: 'text', text: { value: 'first', annotations: [] } }, message.content[0]],
  );
  const changed = await threads.messages.update(message.id, {
    thread_id: thread.id,
    metadata: { seen: 'yes' },
  });
  assert.deepEqual(changed, { ...message, metadata: { seen: 'yes' } });
  assert.equal((await threads.messages.delete(message.id, { thread_id: thread.id })).deleted, true);
  await assert.rejects(threads.messages.retrieve(message.id, { thread_id: thread.id }), { status: 404 });
});

test('a deleted thread is gone with its messages', async () => {
  const thread = await threads.create({ messages: [{ role: 'user', content: 'x' }] });
  assert.deepEqual(await threads.delete(thread.id), {
    id: thread.id,
    object: 'thread.deleted',
    deleted: true,
  });
  await assert.rejects(threads.retrieve(thread.id), { status: 404 });
  await assert.rejects(threads.messages.list(thread.id), { status: 404 });
});

test('a run is started, followed to its end, and its steps are listed', async () => {
  api.engine.model.add({ pieces: ['Hello', ' there'] });
  const assistant = await assistants.create({ model: 'scripted', instructions: 'Be kind.' });
  const run = await threads.createAndRun({
    assistant_id: assistant.id,
    thread: { messages: [{ role: 'user', content: 'Hi' }] },
  });
  assert.equal(run.status, 'queued');
  assert.equal(run.temperature, 1);
  const polled = await threads.runs.retrieve(run.id, { thread_id: run.thread_id }).withResponse();
  assert.match(polled.response.headers.get('openai-poll-after-ms') ?? '', /^\d+$/);
  await assert.rejects(threads.messages.create(run.thread_id, { role: 'user', content: 'wait' }), {
    status: 400,
    error: {
      message: `Can't add messages to ${run.thread_id} while a run ${run.id} is active.`,
      type: 'invalid_request_error',
      param: null,
      code: null,
    },
  });
  await api.engine.pump();
  const done = await threads.runs.retrieve(run.id, { thread_id: run.thread_id });
  assert.equal(done.status, 'completed');
  const steps = await threads.runs.steps.list(run.id, { thread_id: run.thread_id });
  assert.deepEqual(
    steps.data.map((step) => step.type),
    ['message_creation'],
  );
  const [answer] = (await threads.messages.list(run.thread_id, { run_id: run.id })).data;
  assert.deepEqual(answer?.content, [{ type: 'text', text: { value: 'Hello there', annotations: [] } }]);
  await assert.rejects(threads.runs.cancel(run.id, { thread_id: run.thread_id }), {
    status: 400,
    message: "400 Cannot cancel run with status 'completed'.",
  });
});

test('a file goes up, is listed by purpose, comes down whole and in ranges, and is deleted', async () => {
  const bytes = Buffer.from('a,b\n1,2\n'.repeat(1000));
  const name = 'Übersicht "1" 漢字.csv';
  const file = await client.files.create({
    file: await toFile(bytes, name.replaceAll('"', "'")),
    purpose: 'assistants',
  });
  assert.equal(file.bytes, bytes.length);
  assert.equal(file.filename, "Übersicht '1' 漢字.csv");
  const page = await client.files.list({ purpose: 'assistants' });
  assert.deepEqual(page.data[0], file);
  const content = await client.files.content(file.id);
  assert.equal(content.headers.get('content-length'), String(bytes.length));
  assert.match(
    content.headers.get('content-disposition') ?? '',
    /filename\*=UTF-8''%C3%9Cbersicht%20%271%27/,
  );
  assert.ok(Buffer.from(await content.arrayBuffer()).equals(bytes));
  const part = await client.files.content(file.id, { headers: { range: 'bytes=10-19' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), `bytes 10-19/${bytes.length}`);
  assert.equal(await part.text(), bytes.subarray(10, 20).toString());
  assert.equal((await client.files.delete(file.id)).deleted, true);
  await assert.rejects(client.files.retrieve(file.id), { status: 404 });
});

test('an upload in parts becomes a file in the order asked for', async () => {
  const upload = await client.uploads.create({
    bytes: 6,
    filename: 'parts.txt',
    mime_type: 'text/plain',
    purpose: 'assistants',
  });
  const add = async (text: string) =>
    (await client.uploads.parts.create(upload.id, { data: await toFile(Buffer.from(text), 'part') })).id;
  const second = await add('def');
  const first = await add('abc');
  const ids = { part_ids: [first, second] };
  await assert.rejects(client.uploads.complete(upload.id, { ...ids, md5: '0'.repeat(32) }), {
    status: 400,
    param: 'md5',
  });
  const completed = await client.uploads.complete(upload.id, {
    ...ids,
    md5: 'e80b5017098950fc58aad83c8c14978e',
  });
  assert.equal(completed.status, 'completed');
  assert.equal(await (await client.files.content(completed.file?.id ?? '')).text(), 'abcdef');
  assert.deepEqual(await client.uploads.complete(upload.id, ids), completed);
  await assert.rejects(client.uploads.cancel(upload.id), { status: 400 });
});

test('models are those that are configured, and nobody deletes them', async () => {
  assert.deepEqual(
    (await client.models.list()).data.map((model) => model.id),
    ['scripted'],
  );
  assert.equal((await client.models.retrieve('scripted')).object, 'model');
  await assert.rejects(client.models.retrieve('nobody'), {
    status: 404,
    code: 'model_not_found',
    param: 'model',
  });
  await assert.rejects(client.models.delete('scripted'), { status: 403 });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { toFile } from 'openai';

import { type OperationName, operations } from '../../shared/api/operations.ts';
import { handlers, testApi } from '../support/api.ts';

const api = await testApi();
after(() => api[Symbol.asyncDispose]());

/** Objects of `team-a`, by the path parameter that names them. */
const ids: Record<string, string> = {};

before(async () => {
  const client = api.client();
  const assistant = await client.beta.assistants.create({ model: 'scripted' });
  const file = await client.files.create({
    file: await toFile(Buffer.from('x'), 'x'),
    purpose: 'assistants',
  });
  const upload = await client.uploads.create({
    bytes: 1,
    filename: 'x',
    mime_type: 'x/y',
    purpose: 'assistants',
  });
  const thread = await client.beta.threads.create();
  const message = await client.beta.threads.messages.create(thread.id, { role: 'user', content: 'x' });
  api.engine.model.add({ text: 'Hi' });
  const run = await client.beta.threads.runs.create(thread.id, { assistant_id: assistant.id });
  await api.engine.pump();
  const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id: thread.id });
  Object.assign(ids, {
    assistant_id: assistant.id,
    file_id: file.id,
    upload_id: upload.id,
    thread_id: thread.id,
    message_id: message.id,
    run_id: run.id,
    step_id: steps.data[0]?.id,
  });
});

/** A body that would be accepted from the owner. */
const bodies: Partial<Record<OperationName, () => object>> = {
  createMessage: () => ({ role: 'user', content: 'x' }),
  createRun: () => ({ assistant_id: ids.assistant_id }),
  submitToolOutputs: () => ({ tool_outputs: [] }),
  completeUpload: () => ({ part_ids: [] }),
};

const post = (path: string, body: object, key = 'KEY-B') =>
  api.fetch(`http://api/v1${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${key}` },
  });

for (const [name, { method, path }] of Object.entries(operations) as [
  OperationName,
  { method: string; path: string },
][]) {
  test(`${name} is done by a handler`, () => assert.equal(typeof handlers[name], 'function'));

  // Models belong to nobody.
  if (!path.includes('{') || path.includes('{model}')) continue;
  test(`${name} knows nothing of another project's objects`, async () => {
    const own = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => String(ids[parameter]));
    const form = 'form' in operations[name];
    let body: string | FormData | null = null;
    if (form) {
      body = new FormData();
      body.append('data', new File(['x'], 'x'));
    } else if (method === 'POST') body = JSON.stringify(bodies[name]?.() ?? {});
    const answer = await api.fetch(`http://api/v1${own}`, {
      method,
      body,
      headers: { authorization: 'Bearer KEY-B' },
    });
    const { error } = (await answer.json()) as { error: { message: string } };
    assert.equal(answer.status, 404);
    assert.match(
      error.message,
      /^No (assistant|thread|message|run|run step|file|upload) found with id '[^']+'\.$/,
    );
  });
}

test("other projects' objects are unknown in bodies, too, and nothing is written", async () => {
  const own = api.client('KEY-B');
  const assistant = await own.beta.assistants.create({ model: 'scripted' });
  const thread = await own.beta.threads.create();
  const { file_id: file, assistant_id: foreign } = ids;
  const message = { role: 'user', content: 'x' };
  const attached = { ...message, attachments: [{ file_id: file, tools: [] }] };
  const pictured = { role: 'user', content: [{ type: 'image_file', image_file: { file_id: file } }] };
  const resources = { tool_resources: { code_interpreter: { file_ids: [file] } } };
  const rows: [path: string, body: object, param: string][] = [
    ['/assistants', { model: 'm', ...resources }, 'tool_resources.code_interpreter.file_ids[0]'],
    [`/assistants/${assistant.id}`, resources, 'tool_resources.code_interpreter.file_ids[0]'],
    ['/threads', resources, 'tool_resources.code_interpreter.file_ids[0]'],
    ['/threads', { messages: [message, attached] }, 'messages[1].attachments[0].file_id'],
    [`/threads/${thread.id}`, resources, 'tool_resources.code_interpreter.file_ids[0]'],
    [`/threads/${thread.id}/messages`, attached, 'attachments[0].file_id'],
    [`/threads/${thread.id}/messages`, pictured, 'content[0].image_file.file_id'],
    [`/threads/${thread.id}/messages`, { ...message, file_ids: [file] }, 'file_ids[0]'],
    [`/threads/${thread.id}/runs`, { assistant_id: foreign }, 'assistant_id'],
    [
      `/threads/${thread.id}/runs`,
      { assistant_id: assistant.id, additional_messages: [pictured] },
      'additional_messages[0].content[0].image_file.file_id',
    ],
    ['/threads/runs', { assistant_id: foreign }, 'assistant_id'],
    [
      '/threads/runs',
      { assistant_id: assistant.id, thread: { messages: [attached] } },
      'thread.messages[0].attachments[0].file_id',
    ],
  ];
  const threads = async () => (await own.beta.threads.messages.list(thread.id)).data.length;
  for (const [path, body, param] of rows) {
    const answer = await post(path, body);
    const { error } = (await answer.json()) as { error: { param: string } };
    assert.deepEqual([answer.status, error.param], [404, param], path);
  }
  assert.equal(await threads(), 0);
  assert.equal((await own.beta.threads.runs.list(thread.id)).data.length, 0);
  assert.deepEqual((await own.beta.assistants.retrieve(assistant.id)).tool_resources, {});
});

test("lists hold the project's own objects alone", async () => {
  const own = api.client('KEY-C');
  await assert.rejects(own.beta.assistants.list(), { status: 401 });
  const other = api.client('KEY-B');
  const listed = [...(await other.beta.assistants.list()).data, ...(await other.files.list()).data].map(
    ({ id }) => id,
  );
  for (const id of Object.values(ids)) assert.equal(listed.includes(id), false);
});

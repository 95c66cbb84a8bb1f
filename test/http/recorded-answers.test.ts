/** The keys that recorded answers of the hosted API have: clients read them unguarded. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { toFile } from 'openai';

import { testApi } from '../support/api.ts';

const api = await testApi();
after(() => api[Symbol.asyncDispose]());
const client = api.client();
const { assistants, threads } = client.beta;

type Json = Record<string, unknown>;

/** By kind: what was recorded, and where. */
const recorded: Record<string, readonly [where: string, keys: string]> = {
  assistant: [
    'sashirestela/simple-openai assistants_create.json',
    'id object created_at name description model instructions tools top_p temperature tool_resources metadata response_format',
  ],
  thread: ['openai-php/client ThreadRunStreamResponse.txt', 'id object created_at metadata tool_resources'],
  message: [
    'openai-php/client ThreadRunStreamResponse.txt',
    'id object created_at assistant_id thread_id run_id status incomplete_details incomplete_at completed_at role content attachments metadata',
  ],
  run: [
    'openai-php/client ThreadRunStreamResponse.txt',
    'id object created_at assistant_id thread_id status started_at expires_at cancelled_at failed_at completed_at required_action last_error model instructions tools tool_resources metadata temperature top_p max_completion_tokens max_prompt_tokens truncation_strategy incomplete_details usage response_format tool_choice parallel_tool_calls',
  ],
  step: [
    'openai-php/client ThreadRunStreamResponse.txt, sashirestela/simple-openai threads_runssteps_getlist.json',
    'id object created_at run_id assistant_id thread_id type status cancelled_at completed_at expires_at failed_at last_error step_details usage',
  ],
  file: [
    // And `status_details: null`, which the document has deprecated and lets be a string only: left out.
    'alexrudall/ruby-openai files_retrieve.yml',
    'object id purpose filename bytes created_at status',
  ],
  upload: [
    'sashirestela/simple-openai uploads_create.json',
    'id object bytes created_at filename purpose status expires_at',
  ],
  list: ['alexrudall/ruby-openai messages_list.yml', 'object data first_id last_id has_more'],
  deletion: ['alexrudall/ruby-openai messages_delete.yml', 'id object deleted'],
  'function call': [
    'sashirestela/simple-openai threads_runssteps_getlist.json',
    'id type function.name function.arguments function.output',
  ],
  error: ['alexrudall/ruby-openai run_steps_retrieve.yml', 'message type param code'],
};

const answered: Record<string, Json> = {};
const streamed: { readonly event: string; readonly data: Json }[] = [];

before(async () => {
  const tools = [
    { type: 'code_interpreter' as const },
    { type: 'function' as const, function: { name: 'now', description: 'The time.' } },
  ];
  const raw = async (path: string, method = 'GET') =>
    (await (
      await api.fetch(`http://api/v1${path}`, { method, headers: { 'api-key': 'KEY-A' } })
    ).json()) as Json;
  const assistant = await assistants.create({ model: 'scripted', tools });
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
  api.engine.model.add({ toolCalls: [{ name: 'now', arguments: '{}', id: 'call_1' }] });
  const { id, thread_id } = await threads.createAndRun({
    assistant_id: assistant.id,
    thread: { messages: [{ role: 'user', content: 'When is it?' }] },
  });
  await api.engine.pump();
  answered['step in progress'] =
    ((await raw(`/threads/${thread_id}/runs/${id}/steps`)).data as Json[])[0] ?? {};
  api.engine.model.add({ text: ['Now', '.'] });
  const tool_outputs = [{ tool_call_id: 'call_1', output: 'noon' }];
  const stream = await threads.runs.submitToolOutputs(id, { thread_id, tool_outputs, stream: true });
  for await (const { event, data } of stream) streamed.push({ event, data: data as unknown as Json });
  const steps = await raw(`/threads/${thread_id}/runs/${id}/steps?order=asc`);
  const [called, wrote] = steps.data as Json[];
  const details = called?.step_details as { tool_calls: Json[] } | undefined;
  const [call] = details?.tool_calls ?? [];
  const messages = await raw(`/threads/${thread_id}/messages`);
  const [message] = messages.data as Json[];
  Object.assign(answered, {
    assistant: await raw(`/assistants/${assistant.id}`),
    thread: await raw(`/threads/${thread_id}`),
    run: await raw(`/threads/${thread_id}/runs/${id}`),
    step: wrote,
    'step of calls': called,
    message,
    file: await raw(`/files/${file.id}`),
    upload,
    list: messages,
    'function call': call,
    deletion: await raw(`/threads/${thread_id}/messages/${message?.id}`, 'DELETE'),
    error: (await raw('/assistants/asst_none')).error,
  });
});

const at = (object: unknown, path: string): boolean =>
  path.split('.').reduce<{ value: unknown; there: boolean }>(
    ({ value, there }, key) => {
      const known = there && typeof value === 'object' && value !== null && key in value;
      return { value: known ? (value as Json)[key] : undefined, there: known };
    },
    { value: object, there: true },
  ).there;

for (const [kind, [where, keys]] of Object.entries(recorded)) {
  test(`every key of a recorded ${kind} is answered (${where})`, () => {
    const ours = Object.keys(answered).filter((name) => name === kind || name.startsWith(`${kind} `));
    for (const name of ours) {
      const missing = keys.split(' ').filter((key) => !at(answered[name], key));
      assert.deepEqual(missing, [], name);
    }
    assert.ok(ours.length > 0);
  });
}

test('so are those of a stream’s events', () => {
  const kinds: Record<string, string> = {
    'thread.run': 'run',
    'thread.run.step': 'step',
    'thread.message': 'message',
  };
  for (const { event, data } of streamed) {
    const kind = kinds[String(data.object)];
    const keys = kind === undefined ? '' : (recorded[kind]?.[1] ?? '');
    assert.deepEqual(
      keys.split(' ').filter((key) => key !== '' && !at(data, key)),
      [],
      event,
    );
  }
  assert.ok(streamed.length > 8);
});

/** openai-php/client ThreadRunStreamResponse.txt: 1720104998 in every event of run and step until the run has ended. */
test('a step expires with its run, and says so to its end', async () => {
  const started = streamed.find(({ event }) => event === 'thread.run.in_progress')?.data;
  assert.equal(typeof started?.expires_at, 'number');
  const steps = streamed.filter(({ data }) => data.object === 'thread.run.step');
  assert.deepEqual([...new Set(steps.map(({ data }) => data.expires_at))], [started?.expires_at]);
  for (const step of ['step', 'step of calls', 'step in progress']) {
    assert.equal(answered[step]?.expires_at, started?.expires_at, step);
  }
});

test("a run shows its thread's resources, and whether a function is strict", () => {
  assert.deepEqual(answered.run?.tool_resources, answered.thread?.tool_resources);
  for (const object of [answered.run, answered.assistant]) {
    const [, now] = (object?.tools ?? []) as { function: Json }[];
    assert.deepEqual(now?.function, { name: 'now', description: 'The time.', strict: false });
  }
});

/** Programs append to `assistant.tool_resources.code_interpreter.file_ids`, whenever the tool came. */
test('a tool that is added later gets its empty place, as one at creation does', async () => {
  const { id } = await assistants.create({ model: 'scripted' });
  const tools = [{ type: 'code_interpreter' as const }, { type: 'file_search' as const }];
  const changed = await assistants.update(id, { tools });
  const places = { code_interpreter: { file_ids: [] }, file_search: { vector_store_ids: [] } };
  assert.deepEqual(changed.tool_resources, places);
  assert.deepEqual((await assistants.retrieve(id)).tool_resources, places);
  const { id: file } = await client.files.create({
    file: await toFile(Buffer.from('x'), 'x'),
    purpose: 'assistants',
  });
  await assistants.update(id, { tool_resources: { code_interpreter: { file_ids: [file] } } });
  const renamed = await assistants.update(id, { name: 'x', tools });
  assert.deepEqual(renamed.tool_resources, { ...places, code_interpreter: { file_ids: [file] } });
});

/** alexrudall/ruby-openai, spec/fixtures/cassettes/runs_create.yml: `assistants=v2` 400, `assistants=v1` 200. */
test('a run of nothing is refused, as the second version did', async () => {
  const silent = await assistants.create({ model: 'scripted' });
  const told = await assistants.create({ model: 'scripted', instructions: 'Greet.' });
  const { id } = await threads.create();
  const refusal = {
    status: 400,
    code: 'invalid_thread',
    param: null,
    message: '400 Run creation requires a Thread with a user message or an assistant with instructions.',
  };
  await assert.rejects(threads.runs.create(id, { assistant_id: silent.id }), refusal);
  await assert.rejects(threads.createAndRun({ assistant_id: silent.id }), refusal);
  await assert.rejects(threads.createAndRun({ assistant_id: silent.id, stream: true }), refusal);
  for (const run of [
    { assistant_id: told.id },
    { assistant_id: silent.id, instructions: 'Greet.' },
    { assistant_id: silent.id, additional_instructions: 'Greet.' },
    { assistant_id: silent.id, additional_messages: [{ role: 'user' as const, content: 'Hi' }] },
  ]) {
    api.engine.model.add({ text: 'Hello.' });
    const { id: thread } = await threads.create();
    const { id: runId } = await threads.runs.create(thread, run);
    await api.engine.pump();
    assert.equal((await threads.runs.retrieve(runId, { thread_id: thread })).status, 'completed');
  }
});

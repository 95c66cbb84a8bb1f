import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import { toFile } from 'openai';

import { testApi } from '../support/api.ts';
import type { Turn } from '../support/scripted-turn.ts';
import { type Json, type NewMessage, play } from './model-scene.ts';

/** What the model is told over several calls, and of files. */
const api = await testApi();
after(() => api[Symbol.asyncDispose]());
beforeEach(() => api.engine.model.reset());
const client = api.client();
const { assistants, threads } = client.beta;

const f = {
  type: 'function',
  function: { name: 'f', parameters: { type: 'object', properties: {} } },
} as const;
const callF: Turn = { toolCalls: [{ name: 'f', arguments: '{}', id: 'call_f' }] };

test('a forced choice holds for the first call only, none for all', async () => {
  const forced = await play(api, {
    run: { tools: [f], tool_choice: 'required' },
    turns: [callF, { text: 'x' }],
  });
  assert.deepEqual(
    forced.requests.map(({ tool_choice }) => tool_choice),
    ['required', undefined],
  );
  assert.deepEqual((forced.requests[1]!.messages as Json[]).slice(1), [
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_f', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'call_f', content: 'out' },
  ]);
});

test('a forced choice of a tool that the run does not have is refused, and leaves nothing', async () => {
  const { id: assistant_id } = await assistants.create({ model: 'scripted', tools: [f] });
  const { id } = await threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
  const g = { type: 'function', function: { name: 'g' } } as const;
  const all = () => client.get('/threads');
  const before = await all();
  for (const [tool_choice, name] of [
    [g, 'g'],
    [{ type: 'code_interpreter' }, 'code_interpreter'],
  ] as const) {
    const refused = {
      status: 400,
      param: 'tool_choice',
      code: 'invalid_value',
      message: `400 Tool choice '${name}' not found in 'tools'.`,
    };
    await assert.rejects(threads.runs.create(id, { assistant_id, tool_choice }), refused);
    await assert.rejects(threads.createAndRun({ assistant_id, tool_choice }), refused);
  }
  assert.deepEqual(await all(), before);
  assert.deepEqual((await threads.runs.list(id)).data, []);
  // A run may bring the tool along.
  const ok = await play(api, { run: { tools: [g], tool_choice: g }, turns: [{ text: 'x' }] });
  assert.equal(ok.run.status, 'completed');
});

test('a budget for answers shrinks by what was used of it', async () => {
  const { run, requests } = await play(api, {
    run: { tools: [f], max_completion_tokens: 1000 },
    turns: [{ ...callF, usage: { prompt_tokens: 10, completion_tokens: 400 } }, { text: 'x' }],
  });
  assert.deepEqual(
    requests.map(({ max_completion_tokens }) => max_completion_tokens),
    [1000, 600],
  );
  assert.deepEqual(run.usage, { prompt_tokens: 20, completion_tokens: 405, total_tokens: 425 });
});

test('a prompt beyond its budget loses its oldest messages; one that leaves nothing is not sent', async () => {
  const long = (mark: string): NewMessage => ({ role: 'user', content: `${mark} ${'word '.repeat(200)}` });
  const fitting = await play(api, { messages: [long('old'), long('new')], run: { max_prompt_tokens: 300 } });
  const [{ messages } = { messages: [] }] = fitting.requests;
  assert.deepEqual(
    (messages as { content: string }[]).map(({ content }) => content.slice(0, 3)),
    ['new'],
  );
  api.engine.model.reset();
  const none = await play(api, {
    assistant: { instructions: 'word '.repeat(1000) },
    run: { max_prompt_tokens: 256 },
    turns: [],
  });
  assert.deepEqual(
    [none.run.status, none.run.incomplete_details, none.requests],
    ['incomplete', { reason: 'max_prompt_tokens' }, []],
  );
});

const pixel = {
  png: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  gif: 'R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==',
} as const;

for (const [type, base64] of Object.entries(pixel)) {
  test(`a picture of ours (${type}) reaches the model as data, typed by its content`, async () => {
    const file = await client.files.create({
      file: await toFile(Buffer.from(base64, 'base64'), 'no-name'),
      purpose: 'vision',
    });
    const { requests } = await play(api, {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_file', image_file: { file_id: file.id, detail: 'low' } },
            { type: 'text', text: 'What is it?' },
          ],
        },
      ],
    });
    assert.deepEqual(requests[0]?.messages, [
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: `data:image/${type};base64,${base64}`, detail: 'low' } },
          { type: 'text', text: 'What is it?' },
        ],
      },
    ]);
  });
}

test('a picture that was deleted is said to be missing, and the run goes on', async () => {
  const file = await client.files.create({ file: await toFile(Buffer.from('x'), 'x'), purpose: 'vision' });
  api.engine.model.add({ text: 'Gone' });
  const { id: assistant_id } = await assistants.create({ model: 'scripted' });
  const content = [{ type: 'image_file', image_file: { file_id: file.id } }] as const;
  const { id } = await threads.create({ messages: [{ role: 'user', content: [...content] }] });
  await client.files.delete(file.id);
  await threads.runs.create(id, { assistant_id });
  await api.engine.pump();
  const [message] = api.engine.model.requests[0]?.body.messages ?? [];
  assert.deepEqual(message?.content, [{ type: 'text', text: `[image ${file.id} is not available]` }]);
});

test('the interpreter is offered as one function, and the model is told of the files it has', async () => {
  const file = async (name: string) =>
    (await client.files.create({ file: await toFile(Buffer.from('x'), name), purpose: 'assistants' })).id;
  const [ofAssistant, attached, legacy] = [await file('a.csv'), await file('b.csv'), await file('c.csv')];
  const { requests } = await play(api, {
    assistant: {
      instructions: 'Calculate.',
      tools: [{ type: 'code_interpreter' }],
      tool_resources: { code_interpreter: { file_ids: [ofAssistant] } },
    },
    messages: [
      {
        role: 'user',
        content: 'Sum it up.',
        attachments: [{ file_id: attached, tools: [{ type: 'code_interpreter' }] }],
      },
      { role: 'user', content: 'This too.', file_ids: [legacy] } as NewMessage,
    ],
  });
  const [{ tools, messages } = {}] = requests;
  const [python, ...others] = tools as { function: Json }[];
  assert.deepEqual([python?.function.name, others], ['python', []]);
  assert.deepEqual(python?.function.parameters, {
    type: 'object',
    properties: { code: { type: 'string', description: 'The Python code to run.' } },
    required: ['code'],
    additionalProperties: false,
  });
  const [system] = messages as { role: string; content: string }[];
  assert.equal(system?.role, 'system');
  assert.match(system?.content ?? '', /^Calculate\.\n\n/);
  for (const name of ['a.csv', 'b.csv', 'c.csv']) assert.ok(system?.content.includes(name), name);
});

test('the next run is not told of a message that was deleted', async () => {
  api.engine.model.add({ text: 'one' }, { text: 'two' });
  const { id: assistant_id } = await assistants.create({ model: 'scripted' });
  const { id: thread_id } = await threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
  await threads.runs.create(thread_id, { assistant_id });
  await api.engine.pump();
  const [answer] = (await threads.messages.list(thread_id)).data;
  await threads.messages.delete(answer?.id ?? '', { thread_id });
  await threads.messages.create(thread_id, { role: 'user', content: 'Again' });
  await threads.runs.create(thread_id, { assistant_id });
  await api.engine.pump();
  assert.deepEqual(api.engine.model.requests[1]?.body.messages, [
    { role: 'user', content: 'Hi' },
    { role: 'user', content: 'Again' },
  ]);
});

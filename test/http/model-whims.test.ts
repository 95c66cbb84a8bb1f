import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import { toFile } from 'openai';

import { testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import type { ScriptedCall, Turn } from '../support/scripted-turn.ts';
import { type Json, type NewMessage, play } from './model-scene.ts';

/** What models do that nobody asked them for, and how the same is told them later. */
const api = await testApi();
after(() => api[Symbol.asyncDispose]());
beforeEach(() => api.engine.model.reset());
const client = api.client();
const { assistants, threads } = client.beta;

const aFunction = (name: string) => ({ type: 'function', function: { name, parameters: {} } }) as const;
const interpreter = { type: 'code_interpreter' } as const;
const calling = (...toolCalls: ScriptedCall[]): Turn => ({ toolCalls });
const bye: Turn = { text: 'Bye' };

/** `role: what` of each message but the system's, calls by name and arguments. */
const outline = (request: Json | undefined) =>
  (request!.messages as Json[]).flatMap((message) => {
    const calls = (message.tool_calls ?? []) as { function: { name: string; arguments: string } }[];
    if (message.role === 'system') return [];
    if (calls.length === 0) return [`${message.role}: ${message.content}`];
    const called = calls.map(({ function: { name, arguments: text } }) => `calls ${name}(${text})`);
    return [...(message.content ? [`says ${message.content}`] : []), ...called];
  });

test('a call of a hosted tool that the run does not have is refused, not handed to the caller', async () => {
  for (const name of ['file_search', 'code_interpreter', 'python']) {
    api.engine.model.reset();
    const { run, requests } = await play(api, {
      run: { tools: [aFunction('f')] },
      turns: [calling({ name, arguments: {} }), bye],
    });
    assert.equal(run.status, 'completed', name);
    assert.equal(outline(requests[1]).at(-1), `tool: There is no tool named "${name}".`);
  }
});

test('what a model cannot be told again is told in a form that servers take', async () => {
  const { run, requests } = await play(api, {
    run: { tools: [aFunction('f')] },
    turns: [
      calling(
        { name: 'multi_tool_use.parallel', arguments: '{"a' },
        { name: 'f', arguments: '' },
        { name: 'x'.repeat(70), arguments: '[1]' },
      ),
      bye,
    ],
  });
  assert.equal(run.status, 'completed');
  assert.deepEqual(outline(requests[1]).slice(1, 4), [
    'calls multi_tool_use_parallel({"unreadable":"{\\"a"})',
    'calls f({})',
    `calls ${'x'.repeat(64)}([1])`,
  ]);
});

test('arguments that a model leaves empty are an empty object to the caller', async () => {
  api.engine.model.add(calling({ name: 'f', arguments: '' }));
  const { id: assistant_id } = await assistants.create({ model: 'scripted', tools: [aFunction('f')] });
  const run = await threads.createAndRun({
    assistant_id,
    thread: { messages: [{ role: 'user', content: 'Go' }] },
  });
  await api.engine.pump();
  const { required_action } = await threads.runs.retrieve(run.id, { thread_id: run.thread_id });
  assert.equal(required_action?.submit_tool_outputs.tool_calls[0]?.function.arguments, '{}');
});

test('an answer may hold separators of lines and paragraphs', async () => {
  const text = 'one\u2028two\u2029three';
  api.engine.model.add({ text });
  const { id: assistant_id } = await assistants.create({ model: 'scripted', instructions: text });
  const { id } = await threads.create({ messages: [{ role: 'user', content: text }] });
  await threads.runs.create(id, { assistant_id });
  await api.engine.pump();
  const { data } = await threads.messages.list(id);
  assert.deepEqual(
    data.map(({ content: [part] }) => part?.type === 'text' && part.text.value),
    [text, text],
  );
});

test('a function of the caller may have the interpreter’s name; each tool is offered once', async () => {
  const tools = [interpreter, aFunction('python'), interpreter, aFunction('f')];
  const { run, requests } = await play(api, {
    run: { tools, tool_choice: { type: 'function', function: { name: 'python' } } },
    turns: [calling({ name: 'python', arguments: { mine: true } }), bye],
  });
  assert.equal(run.status, 'completed');
  const names = (requests[0]!.tools as { function: Json }[]).map((tool) => tool.function.name);
  assert.deepEqual(names.sort(), ['code_interpreter', 'f', 'python']);
  // `out` is what the caller answers: it was asked.
  assert.deepEqual(outline(requests[1]).slice(1), ['calls python({"mine":true})', 'tool: out']);
});

test('an earlier run is told in the order in which it happened', async () => {
  const words = (text: string, name: string): Turn => ({
    text,
    toolCalls: [{ name, arguments: '{}', id: `call_${name}` }],
  });
  api.engine.model.add(words('First I ask a.', 'a'), words('Then b.', 'b'), { text: 'Done.' }, bye);
  const { id: assistant_id } = await assistants.create({
    model: 'scripted',
    tools: [aFunction('a'), aFunction('b')],
  });
  const { id: thread_id } = await threads.create({ messages: [{ role: 'user', content: 'Go' }] });
  const run = await threads.runs.create(thread_id, { assistant_id });
  for (const call of ['call_a', 'call_b']) {
    await api.engine.pump();
    const tool_outputs = [{ tool_call_id: call, output: `out of ${call}` }];
    await threads.runs.submitToolOutputs(run.id, { thread_id, tool_outputs });
  }
  await api.engine.pump();
  await threads.messages.create(thread_id, { role: 'user', content: 'Again' });
  await threads.runs.create(thread_id, { assistant_id });
  await api.engine.pump();
  const before = [
    'user: Go',
    'says First I ask a.',
    'calls a({})',
    'tool: out of call_a',
    'says Then b.',
    'calls b({})',
    'tool: out of call_b',
  ];
  const requests = api.engine.model.requests.map(({ body }) => outline(body as unknown as Json));
  assert.deepEqual(requests[2], before);
  assert.deepEqual(requests[3], [...before, 'assistant: Done.', 'user: Again']);

  const { data: steps } = await threads.runs.steps.list(run.id, { thread_id });
  const { usage } = await threads.runs.retrieve(run.id, { thread_id });
  const total = steps.reduce((sum, step) => sum + (step.usage?.total_tokens ?? Number.NaN), 0);
  assert.equal(total, usage?.total_tokens, 'every completed step has a count, and they add up');
});

test('a file that is no picture is named, not sent as one', async () => {
  const file = await client.files.create({
    file: await toFile(Buffer.from('hello'), 'a.png'),
    purpose: 'vision',
  });
  const content = [{ type: 'image_file', image_file: { file_id: file.id } }] as const;
  const { requests } = await play(api, { messages: [{ role: 'user', content: [...content] }] });
  const [message] = requests[0]!.messages as Json[];
  assert.deepEqual(message?.content, [{ type: 'text', text: `[image ${file.id} is not available]` }]);
});

test('of more pictures than a prompt holds, the newest are sent', async () => {
  const big = Buffer.alloc(15 * 1024 * 1024, 'x');
  big.write('\x89PNG', 'latin1');
  const picture = async () =>
    (await client.files.create({ file: await toFile(big, 'big.png'), purpose: 'vision' })).id;
  const [old, ...newer] = [await picture(), await picture()];
  const message = (id = ''): NewMessage => ({
    role: 'user',
    content: [{ type: 'image_file', image_file: { file_id: id } }],
  });
  const { requests } = await play(api, { messages: [old, ...newer].map(message) });
  const told = (requests[0]!.messages as { content: { type: string; text?: string }[] }[]).map(
    ({ content: [part] }) => part?.text ?? part?.type,
  );
  assert.deepEqual(told, [`[image ${old} is not available]`, 'image_url']);
});

test('pictures in an assistant’s message are named; a message that comes to nothing is left out', async () => {
  const { id } = await client.files.create({ file: await toFile(Buffer.from('x'), 'x'), purpose: 'vision' });
  const { requests } = await play(api, {
    messages: [
      { role: 'assistant', content: [{ type: 'image_file', image_file: { file_id: id } }] },
      { role: 'user', content: 'And?' },
    ],
  });
  assert.deepEqual(outline(requests[0]), [`assistant: [image ${id}]`, 'user: And?']);
  api.engine.model.reset();

  api.engine.model.add({ text: '' }, bye);
  const { id: assistant_id } = await assistants.create({ model: 'scripted' });
  const { id: thread_id } = await threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
  for (const _ of [1, 2]) {
    await threads.runs.create(thread_id, { assistant_id });
    await api.engine.pump();
  }
  assert.deepEqual(outline(api.engine.model.requests[1]?.body as unknown as Json), ['user: Hi']);
});

test('metadata set on a message while it is written stays', async () => {
  const open = Promise.withResolvers<void>();
  api.engine.model.add({ pieces: ['Hel', { gate: open.promise }, 'lo'] });
  const { id: assistant_id } = await assistants.create({ model: 'scripted' });
  const { id: thread_id } = await threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
  const stream = threads.runs.stream(thread_id, { assistant_id });
  const id = await new Promise<string>((resolve) =>
    stream.once('messageCreated', (message) => resolve(message.id)),
  );
  const tagged = threads.messages.update(id, { thread_id, metadata: { tag: 'mine' } });
  await eventually('the message to be stored', async () => {
    return (await threads.messages.retrieve(id, { thread_id })).status === 'in_progress';
  });
  open.resolve();
  await stream.done();
  assert.deepEqual((await tagged).metadata, { tag: 'mine' });
  const { metadata, content } = await threads.messages.retrieve(id, { thread_id });
  assert.deepEqual(metadata, { tag: 'mine' });
  assert.equal(content[0]?.type === 'text' && content[0].text.value, 'Hello');
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import OpenAI from 'openai';

import { answerTo } from '../../local/demo-model/answer.ts';
import type { Request } from '../../local/demo-model/conversation.ts';
import { filesWritten } from '../../local/demo-model/python.ts';
import { startDemoModel } from '../../local/demo-model/server.ts';
import type { ChatMessage, ModelDelta } from '../../shared/model/model.ts';
import { createModel } from '../../shared/model/openai.ts';
import { modelConfig } from '../support/model-config.ts';

const tool = (name: string) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object' } },
});
const PYTHON = [tool('python')];

/** A conversation that the demo model leads by itself; every Python call "prints" `output`. */
class Conversation {
  readonly messages: ChatMessage[] = [];
  readonly codes: string[] = [];
  readonly #settings: Partial<Request>;
  constructor(settings: Partial<Request> = { tools: PYTHON }) {
    this.#settings = settings;
  }

  /** Says `text` and answers tool calls until the demo model answers with text. */
  say(text: string, output = 'ok'): string {
    this.messages.push({ role: 'user', content: text });
    for (;;) {
      const answer = answerTo({ model: 'demo', ...this.#settings, messages: this.messages });
      if (!answer.toolCalls) {
        this.messages.push({ role: 'assistant', content: answer.text ?? '' });
        return answer.text ?? '';
      }
      const calls = answer.toolCalls.map((call, i) => ({
        id: `call_${this.messages.length}_${i}`,
        type: 'function' as const,
        function: call,
      }));
      this.messages.push({ role: 'assistant', content: null, tool_calls: calls });
      for (const { id, function: called } of calls) {
        if (called.name === 'python') this.codes.push(JSON.parse(called.arguments).code);
        this.messages.push({ role: 'tool', tool_call_id: id, content: output });
      }
    }
  }
}

test('the walkthrough: draw a sine wave, show the code, prefer dark mode', () => {
  const conversation = new Conversation();
  assert.match(conversation.say('Create a visualization of a sinewave', ''), /sine wave.*demo model/);
  assert.match(conversation.codes[0] ?? '', /np\.sin[\s\S]*plt\.show\(\)/);
  assert.ok(conversation.say('Show me the code you used').includes(conversation.codes[0]!.trimEnd()));
  const dark =
    'I prefer visualizations in darkmode can you change the colors to make a darkmode version of this visualization.';
  assert.match(conversation.say(dark, ''), /dark mode/);
  assert.equal(conversation.codes.length, 2);
  assert.match(conversation.codes[1] ?? '', /dark_background[\s\S]*np\.sin/);
});

test('the documentation’s other sentences: an equation, visualizations of a file', () => {
  const conversation = new Conversation();
  conversation.say('I need to solve the equation `3x + 11 = 14`. Can you help me?', 'x = 1');
  assert.match(conversation.codes[0] ?? '', /^a, b, c = 3, 11, 14$/m);
  conversation.say('-x - 2 = 4', 'x = -6');
  assert.match(conversation.codes[1] ?? '', /^a, b, c = -1, -2, 4$/m);
  conversation.messages.push({
    role: 'system',
    content: 'Files uploaded by the user, in /mnt/data: "trends.csv".',
  });
  conversation.say('Create 3 data visualizations based on the trends in this file.', '');
  assert.match(conversation.codes[2] ?? '', /read_csv\("\/mnt\/data\/trends\.csv"\)[\s\S]*plt\.show/);
});

test('fenced Python runs as it stands, block after block, and its output is told', () => {
  const conversation = new Conversation();
  const text = 'Run this:\n```python\nx = 1\n```\nand then\n```\nprint(x)\n```\n```js\nnot(this)\n```';
  assert.match(conversation.say(text, '1'), /The code ran\. Its output:\n\n```\n1\n```/);
  assert.deepEqual(conversation.codes, ['x = 1\n', 'print(x)\n']);
});

test('a traceback is told, and the next block is not run', () => {
  const conversation = new Conversation();
  const text = '```python\n1/0\n```\n```python\nprint(2)\n```';
  assert.match(
    conversation.say(text, 'Traceback (most recent call last)\nZeroDivisionError'),
    /failed:[\s\S]*ZeroDivision/,
  );
  assert.deepEqual(conversation.codes, ['1/0\n']);
});

test('a file that the code writes is linked', () => {
  const conversation = new Conversation();
  const answer = conversation.say("```python\ntable.to_csv('/mnt/data/squares.csv', index=False)\n```", '');
  assert.match(answer, /\[squares\.csv\]\(sandbox:\/mnt\/data\/squares\.csv\)/);
});

test('files are recognised by how they are written', () => {
  const code = `
    plt.savefig('a.png'); table.to_excel("/mnt/data/b c.xlsx")
    open('/mnt/data/d.txt', 'w').write('x'); open('e.txt').read()
  `;
  assert.deepEqual(filesWritten(code), ['a.png', 'b c.xlsx', 'd.txt']);
});

test('an uploaded CSV is described with pandas', () => {
  const conversation = new Conversation();
  conversation.messages.push({
    role: 'system',
    content: 'Be brief.\n\nFiles uploaded by the user, in /mnt/data: "notes.txt", "my \\"best\\" sales.csv".',
  });
  assert.match(conversation.say('Please describe the data', '3 rows'), /3 rows/);
  assert.match(conversation.codes[0] ?? '', /read_csv\("\/mnt\/data\/my \\"best\\" sales\.csv"\)/);
});

test('functions are called when the message says so, with the arguments it gives', () => {
  const tools = [tool('get_weather'), tool('get_time')];
  const request = (content: string): Request => ({
    model: 'demo',
    tools,
    messages: [{ role: 'user', content }],
  });
  const both = 'call get_weather with {"city": "Oslo", "in": {"unit": "C"}} and call `get_time` with {}';
  assert.deepEqual(answerTo(request(both)).toolCalls, [
    { name: 'get_weather', arguments: '{"city": "Oslo", "in": {"unit": "C"}}' },
    { name: 'get_time', arguments: '{}' },
  ]);
  assert.match(
    answerTo(request('call launch with {}')).text ?? '',
    /launch is not among .* get_weather, get_time/,
  );
  const conversation = new Conversation({ tools });
  assert.equal(conversation.say(both, '8 °C'), 'get_weather answered: 8 °C\n\nget_time answered: 8 °C');
});

test('anything else is answered with what it is and how to configure a real model', () => {
  for (const text of ['Hello', 'What is the meaning of life, since you know?', '']) {
    assert.match(
      new Conversation().say(text),
      /demo model.*not a language model[\s\S]*OPENAI_BASE_URL[\s\S]*AZURE/,
    );
  }
});

test('without the interpreter it says what is missing', () => {
  assert.match(new Conversation({}).say('Create a visualization of a sinewave'), /no code_interpreter tool/);
  assert.match(new Conversation({}).say('Show me the code you used'), /not run any code/);
});

test('tool_choice and response_format are respected', () => {
  const messages: ChatMessage[] = [{ role: 'user', content: 'Create a visualization of a sinewave' }];
  const request = (changes: Partial<Request>) =>
    answerTo({ model: 'demo', tools: PYTHON, messages, ...changes });
  assert.equal(request({ tool_choice: 'none' }).toolCalls, undefined);
  const hello: ChatMessage[] = [{ role: 'user', content: 'Hello' }];
  const choice = { type: 'function' as const, function: { name: 'python' } };
  assert.equal(request({ messages: hello, tool_choice: 'required' }).toolCalls?.[0]?.name, 'python');
  assert.equal(request({ messages: hello, tool_choice: choice }).toolCalls?.[0]?.name, 'python');
  const json = request({ messages: hello, response_format: { type: 'json_object' } });
  assert.equal(JSON.parse(json.text ?? '').model, 'demo');
});

const demo = await startDemoModel({ wordDelayMs: 0 });
after(() => demo.stop());

async function deltas(content: string): Promise<ModelDelta[]> {
  const seen: ModelDelta[] = [];
  const request = { model: 'any', messages: [{ role: 'user' as const, content }], tools: PYTHON };
  const model = createModel(modelConfig(demo.url));
  for await (const delta of model.complete(request, AbortSignal.timeout(60_000))) seen.push(delta);
  return seen;
}

test('over HTTP it streams words, code in pieces, usage and the finish', async () => {
  const words = await deltas('Hello');
  const texts = words.flatMap((delta) => (delta.type === 'text' ? [delta.text] : []));
  assert.ok(texts.length > 20);
  assert.equal(texts.join(''), answerTo({ model: 'demo', messages: [] }).text);
  assert.deepEqual(words.at(-1), { type: 'finish', reason: 'stop' });
  assert.equal(words.at(-2)?.type, 'usage');
  const calls = await deltas('Create a visualization of a sinewave');
  assert.ok(calls.filter(({ type }) => type === 'tool-call').length > 5);
  assert.deepEqual(calls.at(-1), { type: 'finish', reason: 'tool_calls' });
});

test('it lists itself, answers without streaming, and refuses what it cannot read', async () => {
  const client = new OpenAI({ baseURL: demo.url, apiKey: 'none', maxRetries: 0 });
  assert.deepEqual(
    (await client.models.list()).data.map(({ id }) => id),
    ['demo'],
  );
  const whole = await client.chat.completions.create({
    model: 'x',
    messages: [{ role: 'user', content: 'Hi' }],
  });
  assert.equal(whole.model, 'demo');
  assert.match(whole.choices[0]?.message.content ?? '', /demo model/);
  const bad = await fetch(`${demo.url}/chat/completions`, { method: 'POST', body: '{' });
  assert.equal(bad.status, 400);
  assert.match(await bad.text(), /could not read/);
  assert.equal((await fetch(`${demo.url}/nothing`)).status, 404);
});

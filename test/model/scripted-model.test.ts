import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import OpenAI from 'openai';

import { echo, startScriptedModel } from '../support/scripted-model.ts';

const client = (baseURL: string) => new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
const ask = (baseURL: string, content: string) =>
  client(baseURL).chat.completions.create({ model: 'm', messages: [{ role: 'user', content }] });

test('a call without a turn fails the script, and so does a turn without a call', async () => {
  await using model = await startScriptedModel({ turns: [{ text: 'one' }] });
  assert.throws(() => model.assertDone(), /Unused turn/);
  const answer = await ask(model.url, 'first');
  assert.equal(answer.choices[0]?.message.content, 'one');
  model.assertDone();
  await assert.rejects(ask(model.url, 'second'), /Unexpected model call 2/);
  assert.throws(() => model.assertDone(), /Unexpected model call 2.*"second"/);
});

test('conversations at the same time take their own turns', async () => {
  await using model = await startScriptedModel({
    turns: [
      { whenUserSays: 'b', text: 'for b' },
      { when: ({ body }) => body.model === 'm', text: 'for any' },
    ],
  });
  const texts = await Promise.all(
    ['a', 'b'].map(async (text) => (await ask(model.url, text)).choices[0]?.message.content),
  );
  assert.deepEqual(texts, ['for any', 'for b']);
  model.assertDone();
});

test('the instant model repeats what the user said', async () => {
  await using model = await startScriptedModel({ respond: echo });
  assert.equal((await ask(model.url, 'Hello')).choices[0]?.message.content, 'Hello');
  model.assertDone();
});

test('as a process of its own it is scripted over HTTP', async () => {
  const path = fileURLToPath(new URL('../support/scripted-model.ts', import.meta.url));
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(createInterface(child.stdout), 'line');
    const { url } = JSON.parse(line);
    const control = new URL('/__script', url);
    await fetch(control, { method: 'POST', body: JSON.stringify({ turns: [{ text: 'one' }] }) });
    assert.equal((await ask(url, 'Hello')).choices[0]?.message.content, 'one');
    const state = JSON.parse(await (await fetch(control)).text());
    assert.equal(state.unused, 0);
    assert.deepEqual(state.unexpected, []);
    assert.deepEqual(state.requests[0].body.messages, [{ role: 'user', content: 'Hello' }]);
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});

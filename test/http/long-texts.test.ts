import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { INLINE_UNITS } from '../../shared/store/document.ts';
import { testApi } from '../support/api.ts';
import { storageTraffic } from '../support/storage-traffic.ts';

/** What is too long for a row goes elsewhere: nobody who uses the API may notice. */
const api = await testApi();
after(() => api[Symbol.asyncDispose]());
const { assistants, threads } = api.client().beta;

const LONGEST = 256_000;
/** A property of a row holds 32 Ki UTF-16 units; documents are cut below that, and beyond three they spill. */
const CUT = INLINE_UNITS / 3;

async function roundTrip(thread_id: string, content: string): Promise<void> {
  const { id } = await threads.messages.create(thread_id, { role: 'user', content });
  const read = await threads.messages.retrieve(id, { thread_id });
  const [listed] = (await threads.messages.list(thread_id, { limit: 1 })).data;
  for (const message of [read, listed]) {
    const [part] = message?.content ?? [];
    assert.ok(part?.type === 'text' && part.text.value === content, `${content.length} units`);
  }
}

for (const [name, character] of [
  ['a letter', 'x'],
  ['two bytes', 'é'],
  ['three bytes', '漢'],
  ['an emoji', '😀'],
  ['an escape in JSON', '"'],
  ['a control character', '\u0001'],
  ['a joined family', '👨‍👩‍👧'],
] as const) {
  test(`${LONGEST} characters come back identical (${name}), one more is refused`, async () => {
    const { id } = await threads.create();
    const points = [...character].length;
    const content = character.repeat(Math.floor(LONGEST / points)).padEnd(LONGEST, character);
    const exact = [...content].slice(0, LONGEST).join('');
    await roundTrip(id, exact);
    await assert.rejects(threads.messages.create(id, { role: 'user', content: `${exact}x` }), {
      status: 400,
      error: {
        message: `Invalid 'content': string too long. Expected a string with maximum length ${LONGEST}, but got a string with length ${LONGEST + 1} instead.`,
        type: 'invalid_request_error',
        param: 'content',
        code: 'string_above_max_length',
      },
    });
    assert.equal((await threads.messages.list(id)).data.length, 1);
  });
}

test('an emoji at every place where a document is cut or spills comes back whole', async () => {
  const { id: thread_id } = await threads.create();
  const probe = await threads.messages.create(thread_id, { role: 'user', content: 'x' });
  const { stores } = api.engine.services;
  const stored = await stores.messages.get('team-a', thread_id, probe.id);
  const overhead = JSON.stringify(stored).length - 1;
  let spilled = 0;
  for (const cuts of [1, 2, 3]) {
    for (let units = cuts * CUT - 2; units <= cuts * CUT + 2; units++) {
      // With a letter before them, pairs stand across the cut where they stood beside it.
      for (const start of ['', 'x']) {
        const room = units - overhead - start.length;
        const content = start + '😀'.repeat(Math.floor(room / 2)) + 'y'.repeat(room % 2);
        const { transactions } = await storageTraffic(() => roundTrip(thread_id, content));
        if (transactions.some(({ service }) => service === 'blob')) spilled += 1;
      }
    }
  }
  assert.equal(spilled, 4, 'the documents of one and two units above the limit, twice each');
});

test('a thread of many long messages is made in one request, and comes back identical', async () => {
  const texts = Array.from({ length: 60 }, (_, index) => `${index} ${'漢😀'.repeat(30_000 + index)}`);
  const { id } = await threads.create({ messages: texts.map((content) => ({ role: 'user', content })) });
  const found: string[] = [];
  for await (const { content } of threads.messages.list(id, { order: 'asc', limit: 25 })) {
    found.push(content[0]?.type === 'text' ? content[0].text.value : '');
  }
  assert.deepEqual(found, texts);
});

test('long instructions of assistants and runs come back identical, and reach the model', async () => {
  const long = '漢'.repeat(LONGEST);
  const assistant = await assistants.create({ model: 'scripted', instructions: long });
  assert.equal((await assistants.retrieve(assistant.id)).instructions, long);
  assert.equal((await assistants.list({ limit: 1 })).data[0]?.instructions, long);
  await assert.rejects(assistants.update(assistant.id, { instructions: `${long}x` }), { status: 400 });
  const { id, thread_id } = await threads.createAndRun({
    assistant_id: assistant.id,
    tools: [{ type: 'function', function: { name: 'f' } }],
    instructions: 'short',
  });
  assert.equal((await threads.runs.retrieve(id, { thread_id })).instructions, 'short');
  // What a function answers has no limit of its own.
  api.engine.model.add({ toolCalls: [{ name: 'f', arguments: '{}', id: 'call_1' }] }, { text: 'Done' });
  await api.engine.pump();
  const output = '😀'.repeat(50_000);
  await threads.runs.submitToolOutputs(id, {
    thread_id,
    tool_outputs: [{ tool_call_id: 'call_1', output }],
  });
  await api.engine.pump();
  const [, step] = (await threads.runs.steps.list(id, { thread_id })).data;
  assert.ok(step?.step_details.type === 'tool_calls');
  const [call] = step.step_details.tool_calls;
  assert.ok(call?.type === 'function' && call.function.output === output);
  assert.equal(api.engine.model.requests.at(-1)?.body.messages.at(-1)?.content, output);
});

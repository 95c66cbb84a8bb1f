import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import type { ModelDelta, ModelRequest } from '../../shared/model/model.ts';
import { createModel } from '../../shared/model/openai.ts';
import { modelConfig } from '../support/model-config.ts';
import { startScriptedModel } from '../support/scripted-model.ts';
import type { Turn } from '../support/scripted-turn.ts';

const scripted = await startScriptedModel({ models: ['gpt-a', 'gpt-b'] });
after(() => scripted.stop());
beforeEach(() => scripted.reset());

const config = modelConfig(scripted.url);
const request: ModelRequest = { model: 'gpt-a', messages: [{ role: 'user', content: 'Hello' }] };

async function deltas(
  changes: Partial<ModelRequest> = {},
  model = createModel(config),
): Promise<ModelDelta[]> {
  const seen: ModelDelta[] = [];
  for await (const delta of model.complete({ ...request, ...changes }, AbortSignal.timeout(60_000))) {
    seen.push(delta);
  }
  return seen;
}

async function play(turn: Turn): Promise<ModelDelta[]> {
  scripted.add(turn);
  const seen = await deltas();
  scripted.assertDone();
  return seen;
}

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const end = (reason: string) => [
  { type: 'usage', usage: USAGE },
  { type: 'finish', reason },
];

test('a text arrives in the pieces the server sent, then usage, then the finish', async () => {
  assert.deepEqual(await play({ text: ['Hel', 'lo ', 'wörld 😀'] }), [
    { type: 'text', text: 'Hel' },
    { type: 'text', text: 'lo ' },
    { type: 'text', text: 'wörld 😀' },
    ...end('stop'),
  ]);
});

test('a delta is passed on before the server sends the next one', async () => {
  const gate = Promise.withResolvers<void>();
  scripted.add({ pieces: ['first', { gate: gate.promise }, 'second'] });
  const seen: string[] = [];
  for await (const delta of createModel(config).complete(request, AbortSignal.timeout(60_000))) {
    if (delta.type !== 'text') continue;
    seen.push(delta.text);
    // Without the first delta nothing would ever open the gate.
    gate.resolve();
  }
  assert.deepEqual(seen, ['first', 'second']);
});

test('only what is set is sent, with the key, streamed and with usage asked for', async () => {
  scripted.add({ text: 'ok' }, { text: 'ok' });
  await deltas();
  const tools = [{ type: 'function' as const, function: { name: 'python', parameters: {} } }];
  await deltas({
    tools,
    tool_choice: 'required',
    parallel_tool_calls: false,
    temperature: 0,
    top_p: 0.5,
    reasoning_effort: 'low',
    max_completion_tokens: 7,
    response_format: { type: 'json_object' },
  });
  const [plain, full] = scripted.requests;
  assert.deepEqual(plain?.body, {
    model: 'gpt-a',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  assert.equal(plain?.headers.authorization, 'Bearer sk-planted-test-key-0001');
  assert.deepEqual(full?.body, {
    ...plain?.body,
    tools,
    tool_choice: 'required',
    parallel_tool_calls: false,
    temperature: 0,
    top_p: 0.5,
    reasoning_effort: 'low',
    max_completion_tokens: 7,
    response_format: { type: 'json_object' },
  });
});

test('parallel tool calls keep their ids, names and argument pieces apart', async () => {
  const seen = await play({
    toolCalls: [
      { id: 'call_a', name: 'python', arguments: '{"code":"1"}' },
      { id: 'call_b', name: 'get_weather', arguments: { city: 'Oslo' } },
    ],
    argumentCharacters: 6,
  });
  const calls = seen.filter((delta) => delta.type === 'tool-call');
  assert.deepEqual(
    calls.filter(({ id }) => id).map(({ index, id, name }) => ({ index, id, name })),
    [
      { index: 0, id: 'call_a', name: 'python' },
      { index: 1, id: 'call_b', name: 'get_weather' },
    ],
  );
  const text = (index: number) => calls.filter((call) => call.index === index).map((call) => call.arguments);
  assert.deepEqual(text(0).join(''), '{"code":"1"}');
  assert.deepEqual(text(1).join(''), '{"city":"Oslo"}');
  assert.ok(text(0).length > 1);
  assert.deepEqual(seen.slice(-2), end('tool_calls'));
});

test('a refusal is told from a text', async () => {
  const seen = await play({
    pieces: [{ delta: { refusal: 'I cannot ' } }, { delta: { refusal: 'do that.' } }],
  });
  assert.deepEqual(seen, [
    { type: 'refusal', text: 'I cannot ' },
    { type: 'refusal', text: 'do that.' },
    ...end('stop'),
  ]);
});

for (const [given, expected] of [
  ['length', 'length'],
  ['content_filter', 'content_filter'],
  ['end_turn', 'stop'],
]) {
  test(`finish reason ${given} → ${expected}`, async () => {
    assert.deepEqual((await play({ text: 'x', finish: given! })).at(-1), {
      type: 'finish',
      reason: expected,
    });
  });
}

test('a server without usage gives an answer without usage', async () => {
  assert.deepEqual(await play({ text: 'x', usage: null }), [
    { type: 'text', text: 'x' },
    { type: 'finish', reason: 'stop' },
  ]);
});

test('a server that refuses stream_options is asked without it, now and from then on', async () => {
  const body = { error: { message: 'Unrecognized request argument supplied: stream_options', code: null } };
  scripted.add({ error: { status: 400, body } }, { text: 'one' }, { text: 'two' });
  const model = createModel(config);
  assert.deepEqual((await deltas({}, model))[0], { type: 'text', text: 'one' });
  assert.deepEqual((await deltas({}, model))[0], { type: 'text', text: 'two' });
  assert.deepEqual(
    scripted.requests.map(({ body }) => 'stream_options' in body),
    [true, false, false],
  );
  scripted.assertDone();
});

test('the answer is whole when the connection breaks after the announced end', async () => {
  const gate = Promise.withResolvers<void>();
  scripted.add({
    pieces: [{ delta: { content: 'x' }, finish_reason: 'stop' }, { gate: gate.promise }, 'drop'],
  });
  const seen: ModelDelta[] = [];
  for await (const delta of createModel(config).complete(request, AbortSignal.timeout(60_000))) {
    seen.push(delta);
    gate.resolve();
  }
  assert.deepEqual(seen, [
    { type: 'text', text: 'x' },
    { type: 'finish', reason: 'stop' },
  ]);
});

test('aborting ends the call with the reason of the signal and closes the connection', async () => {
  scripted.add({ pieces: ['first', 'stall'] });
  const abort = new AbortController();
  const reason = new Error('cancelled by the user');
  const call = async () => {
    for await (const delta of createModel(config).complete(request, abort.signal)) {
      if (delta.type === 'text') abort.abort(reason);
    }
  };
  await assert.rejects(call, (error) => error === reason);
  assert.equal(await scripted.requests[0]?.closed, true);
});

test('aborting before the server answers ends the call as well', async () => {
  const gate = Promise.withResolvers<void>();
  scripted.add({ gate: gate.promise });
  const abort = new AbortController();
  const reason = new Error('cancelled by the user');
  void scripted.received(1).then(() => abort.abort(reason));
  const call = async () => {
    for await (const _ of createModel(config).complete(request, abort.signal));
  };
  await assert.rejects(call, (error) => error === reason);
  assert.equal(await scripted.requests[0]?.closed, true);
  gate.resolve();
});

test('a consumer that leaves early closes the connection', async () => {
  scripted.add({ pieces: ['first', 'stall'] });
  for await (const delta of createModel(config).complete(request, AbortSignal.timeout(60_000))) {
    if (delta.type === 'text') break;
  }
  assert.equal(await scripted.requests[0]?.closed, true);
});

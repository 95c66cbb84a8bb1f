import assert from 'node:assert/strict';
import { test } from 'node:test';

import type OpenAI from 'openai';

import type { ModelDelta } from '../../shared/model/model.ts';
import { answerReader } from '../../shared/model/openai-chunks.ts';

/** Reads chunks as servers really send them, whatever the SDK's types promise. */
function read(...chunks: readonly object[]): ModelDelta[] {
  const reader = answerReader();
  const seen = chunks.flatMap((chunk) => [...reader.read(chunk as OpenAI.Chat.ChatCompletionChunk)]);
  return [...seen, ...reader.end()];
}

const delta = (content: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: content, finish_reason }],
});
const calls = (...tool_calls: object[]) => delta({ tool_calls });
const toolCalls = (deltas: readonly ModelDelta[]) => {
  const byIndex = new Map<number, { id: string; name: string; arguments: string }>();
  for (const piece of deltas) {
    if (piece.type !== 'tool-call') continue;
    const call = byIndex.get(piece.index) ?? { id: '', name: '', arguments: '' };
    byIndex.set(piece.index, {
      id: call.id + (piece.id ?? ''),
      name: call.name + (piece.name ?? ''),
      arguments: call.arguments + piece.arguments,
    });
  }
  return [...byIndex.entries()].map(([index, call]) => ({ index, ...call }));
};

test('chunks without choices, role-only and empty deltas say nothing', () => {
  const seen = read(
    { choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
    {},
    delta({ role: 'assistant', content: null }),
    delta({ role: 'assistant', content: '' }),
    { choices: [{ index: 0, finish_reason: null }] },
    { choices: [{ index: 1, delta: { content: 'another choice' } }] },
    delta({ content: 'x' }),
    delta({}, 'stop'),
  );
  assert.deepEqual(seen, [
    { type: 'text', text: 'x' },
    { type: 'finish', reason: 'stop' },
  ]);
});

test('usage is told once, the last one, wherever it came', () => {
  const usage = (completion_tokens: number) => ({
    usage: { prompt_tokens: 3, completion_tokens, total_tokens: 3 + completion_tokens },
  });
  const seen = read(
    { ...delta({ content: 'x' }), ...usage(1) },
    { ...delta({}, 'stop'), ...usage(2) },
    { choices: [], usage: null },
  );
  assert.deepEqual(seen.slice(1), [
    { type: 'usage', usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
    { type: 'finish', reason: 'stop' },
  ]);
});

test('half a usage is completed, not invented', () => {
  const seen = read(delta({}, 'stop'), { choices: [], usage: { prompt_tokens: 3, completion_tokens: null } });
  assert.deepEqual(seen[0], {
    type: 'usage',
    usage: { prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 },
  });
});

test('content in parts is text', () => {
  const parts = [
    { type: 'thinking', thinking: [] },
    { type: 'text', text: 'x' },
  ];
  assert.deepEqual(read(delta({ content: parts }))[0], { type: 'text', text: 'x' });
});

test('a character that a server cut in two is passed on whole', () => {
  const seen = read(...['a\ud83d', '\ude00', 'b\ud83d'].map((content) => delta({ content })));
  const texts = seen.flatMap((piece) => (piece.type === 'text' ? [piece.text] : []));
  assert.deepEqual(texts, ['a', '😀', 'b', '\ud83d']);
});

test('the legacy function_call is a tool call', () => {
  const seen = read(
    delta({ function_call: { name: 'python', arguments: '{"co' } }),
    delta({ function_call: { arguments: 'de":"1"}' } }),
    delta({}, 'function_call'),
  );
  const [call] = toolCalls(seen);
  assert.match(call?.id ?? '', /^call_[0-9a-f]{24}$/);
  assert.deepEqual({ ...call, id: '' }, { index: 0, id: '', name: 'python', arguments: '{"code":"1"}' });
  assert.deepEqual(seen.at(-1), { type: 'finish', reason: 'tool_calls' });
});

test('whole calls without index or id are calls of their own, with ids made up', () => {
  const whole = (name: string) => ({ function: { name, arguments: '{}' } });
  const seen = toolCalls(read(calls(whole('a'), whole('a')), calls(whole('b')), delta({}, 'stop')));
  assert.deepEqual(
    seen.map(({ index, name, arguments: given }) => [index, name, given]),
    [
      [0, 'a', '{}'],
      [1, 'a', '{}'],
      [2, 'b', '{}'],
    ],
  );
  assert.equal(new Set(seen.map(({ id }) => id)).size, 3);
});

test('index 0 for every parallel call: the ids tell them apart', () => {
  const seen = read(
    calls({ index: 0, id: 'x', function: { name: 'a', arguments: '{"n":1}' } }),
    calls({ index: 0, id: 'y', function: { name: 'a', arguments: '{"n":2}' } }),
  );
  assert.deepEqual(toolCalls(seen), [
    { index: 0, id: 'x', name: 'a', arguments: '{"n":1}' },
    { index: 1, id: 'y', name: 'a', arguments: '{"n":2}' },
  ]);
});

test('id and name repeated with every piece are one call', () => {
  const piece = (text: string) => calls({ index: 0, id: 'x', function: { name: 'a', arguments: text } });
  assert.deepEqual(toolCalls(read(piece('{"n"'), piece(':1'), piece('}'))), [
    { index: 0, id: 'x', name: 'a', arguments: '{"n":1}' },
  ]);
});

test('another id with each piece, but the name only once, is one call', () => {
  const seen = read(
    calls({ index: 0, id: 'x1', function: { name: 'a', arguments: '{' } }),
    calls({ index: 0, id: 'x2', function: { arguments: '}' } }),
  );
  assert.deepEqual(toolCalls(seen), [{ index: 0, id: 'x1', name: 'a', arguments: '{}' }]);
});

test('arguments before the name are held until it is known', () => {
  const seen = read(
    calls({ index: 0, id: 'x', function: { arguments: '{' } }),
    calls({ index: 0, function: { name: 'a', arguments: '}' } }),
  );
  assert.deepEqual(seen[0], { type: 'tool-call', index: 0, id: 'x', name: 'a', arguments: '{}' });
});

test('arguments as an object are written as JSON', () => {
  const seen = read(calls({ index: 0, id: 'x', function: { name: 'a', arguments: { n: 1 } } }));
  assert.deepEqual(toolCalls(seen)[0]?.arguments, '{"n":1}');
});

test('two calls with the same id get different ones', () => {
  const piece = (index: number) => calls({ index, id: 'same', function: { name: 'a', arguments: '{}' } });
  const ids = toolCalls(read(piece(0), piece(1))).map(({ id }) => id);
  assert.equal(ids[0], 'same');
  assert.notEqual(ids[1], 'same');
});

test('a forced call that ends with stop ends as tool_calls', () => {
  const seen = read(
    calls({ index: 0, id: 'x', function: { name: 'a', arguments: '{}' } }),
    delta({}, 'stop'),
  );
  assert.deepEqual(seen.at(-1), { type: 'finish', reason: 'tool_calls' });
});

test('an answer that never stops is cut at a million characters, and has ended by its length', () => {
  const half = 'x'.repeat(600_000);
  const reader = answerReader();
  const first = [...reader.read(delta({ content: half }) as never)];
  assert.equal(reader.full, false);
  const second = [...reader.read(delta({ content: `${'y'.repeat(399_999)}😀z` }) as never)];
  assert.ok(reader.full && reader.finished);
  const texts = [...first, ...second].map((piece) => (piece.type === 'text' ? piece.text : ''));
  // Half a character is none.
  assert.equal(texts.join('').length, 999_999);
  assert.deepEqual([...reader.read(delta({ content: 'more' }) as never)], []);
  assert.deepEqual([...reader.end()], [{ type: 'finish', reason: 'length' }]);
});

test('so are calls of tools: their arguments, and their number', () => {
  const call = (index: number, text: string) =>
    calls({ index, id: `call_${index}`, function: { name: 'f', arguments: text } });
  const long = answerReader();
  const seen = [
    ...long.read(call(0, 'x'.repeat(700_000)) as never),
    ...long.read(call(1, 'y'.repeat(700_000)) as never),
    ...long.end(),
  ];
  const written = toolCalls(seen).reduce((sum, one) => sum + one.name.length + one.arguments.length, 0);
  assert.equal(written, 1_000_000);
  assert.deepEqual(seen.at(-1), { type: 'finish', reason: 'length' });
  const many = answerReader();
  let read = 0;
  for (let index = 0; !many.full && index < 2_000_000; index++) {
    read += [...many.read(call(index, 'x'.repeat(100_000)) as never)].length;
  }
  assert.ok(many.full && read <= 10);
});

test('numbers of tokens that are no counts are none', () => {
  const seen = (usage: object) =>
    read({ ...delta({ content: 'x' }, 'stop'), usage }).find(({ type }) => type === 'usage');
  for (const wrong of [-3, 1.5, Number.NaN, 1e300, '12', null, [], {}, true]) {
    assert.deepEqual(
      seen({ prompt_tokens: wrong, completion_tokens: 2, total_tokens: wrong }),
      { type: 'usage', usage: { prompt_tokens: 0, completion_tokens: 2, total_tokens: 2 } },
      JSON.stringify(wrong),
    );
  }
});

test('what is no chunk is a broken answer', () => {
  for (const chunk of [null, 'text', 5, [], true, { choices: 7 }, { choices: [null] }, { choices: {} }]) {
    assert.throws(() => read(chunk as never), {
      name: 'ModelError',
      retryable: true,
      sign: 'broken answer',
      message: /The model's server sent a broken answer/,
    });
  }
});

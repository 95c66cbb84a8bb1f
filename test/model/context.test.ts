import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  contextTokens,
  countMessageTokens,
  messageCounter,
  messageTokens,
  parseContextSizes,
} from '../../shared/model/context.ts';
import type { ChatMessage } from '../../shared/model/model.ts';
import { tokenBound, tokenCounter } from '../../shared/model/tokens.ts';
import { cpuMs } from '../support/cpu-time.ts';

const LONGEST_TEXT = 256_000;
const user = (content: string): ChatMessage => ({ role: 'user', content });

test('the exact name decides before the longest beginning, and that before the star', () => {
  const sizes = parseContextSizes(' gpt-4o=128000, gpt-4*=8192,gpt-4o-*=100000 ,*=32000,');
  assert.deepEqual(
    ['gpt-4o', 'gpt-4o-mini', 'gpt-4', 'gpt-4-32k', 'llama3'].map(sizes),
    [128_000, 100_000, 8192, 8192, 32_000],
  );
});

test('a model that no entry fits has 128,000 tokens', () => {
  assert.equal(parseContextSizes('gpt-4=8192')('other'), 128_000);
  assert.equal(parseContextSizes('')('other'), 128_000);
  assert.equal(contextTokens('gpt-4=8192', 'gpt-4'), 8192);
});

for (const wrong of ['gpt-4o', 'gpt-4o=', '=128000', 'gpt-4o=many', 'a*b=128000', 'gpt-4o=0', 'gpt-4o=-1']) {
  test(`'${wrong}' is refused by name`, () => {
    assert.throws(() => parseContextSizes(`*=128000,${wrong}`), {
      name: 'RangeError',
      message: /is no context size/,
    });
  });
}

test('texts are counted as the tokenizers of the model families count them', async () => {
  const text = 'Das Käsebrot schmeckt — 12345 😀 <|endoftext|>';
  const counts = async (...models: string[]) => {
    const all = await Promise.all(models.map(tokenCounter));
    return new Set(all.map((count) => count(text)));
  };
  const newer = await counts(
    'gpt-4o',
    'gpt-4o-mini',
    'gpt-4.1',
    'gpt-4.5-preview',
    'gpt-5',
    'o3',
    'my-deployment',
    'llama3',
  );
  const older = await counts('gpt-4', 'gpt-4-turbo', 'gpt-4-0613', 'gpt-3.5-turbo', 'gpt-35-turbo-16k');
  assert.deepEqual([...newer].length, 1);
  assert.deepEqual([...older].length, 1);
  assert.notDeepEqual(newer, older);
  // The value that OpenAI's own tokenizer gives.
  assert.equal((await tokenCounter('gpt-4o'))('hello world'), 2);
});

test('no text has more tokens than the bound says', async () => {
  const count = await tokenCounter('gpt-4o');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      assert.ok(count(text) <= tokenBound(text));
      assert.equal(count(text), count(text));
    }),
  );
});

for (const [name, text] of [
  ['without spaces', 'a的😀b'.repeat(LONGEST_TEXT / 5)],
  [
    'of Chinese',
    Array.from({ length: LONGEST_TEXT }, (_, i) => String.fromCharCode(0x4e00 + ((i * 7919) % 20_000))).join(
      '',
    ),
  ],
  ['of spaces', ' '.repeat(LONGEST_TEXT)],
  [
    'of base64',
    Buffer.from(Array.from({ length: (LONGEST_TEXT / 4) * 3 }, (_, i) => (i * i) % 251)).toString('base64'),
  ],
] as const) {
  test(`the longest text ${name} is counted in seconds at most`, async () => {
    const count = await tokenCounter('gpt-4o');
    let tokens = 0;
    // Uncut, such a text takes minutes, and the process does nothing else.
    assert.ok(cpuMs(() => (tokens = count(text))) < 15_000);
    assert.ok(tokens > 1000 && tokens <= tokenBound(text));
  });
}

test('cutting long runs hardly changes the count', async () => {
  const count = await tokenCounter('gpt-4o');
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  const text = `${'Donaudampfschifffahrtsgesellschaft'.repeat(60)} and words`;
  const exact = countTokens(text);
  assert.ok(count(text) >= exact && count(text) < exact * 1.1, `${count(text)} for ${exact}`);
});

test('a message costs its texts, its calls, and its images by their detail', () => {
  const count = (text: string) => text.length;
  const image = (detail?: 'low' | 'high') => ({
    type: 'image_url' as const,
    image_url: { url: `data:image/png;base64,${'A'.repeat(10_000)}`, ...(detail ? { detail } : {}) },
  });
  assert.equal(messageTokens(user('four'), count), 3 + 4);
  assert.equal(
    messageTokens({ role: 'user', content: [{ type: 'text', text: 'four' }, image('low'), image()] }, count),
    3 + 4 + 85 + 1445,
  );
  assert.equal(
    messageTokens(
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'python', arguments: '{"code":"1"}' } },
        ],
      },
      count,
    ),
    3 + 8 + 6 + 12,
  );
  assert.equal(messageTokens({ role: 'tool', tool_call_id: 'call_1', content: 'four' }, count), 3 + 4);
});

test('messages that fit by the bound are not counted, others are', async () => {
  const messages = [user('hello world'), user('hello world')];
  const exact = await countMessageTokens(messages, 'gpt-4o');
  assert.equal(exact, 2 * (3 + 2));
  const bound = 2 * (3 + 'hello world'.length);
  assert.equal((await messageCounter(messages, bound, 'gpt-4o'))(messages), bound);
  assert.equal((await messageCounter(messages, bound - 1, 'gpt-4o'))(messages), exact);
});

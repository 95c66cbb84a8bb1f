import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

import { chunkText } from '../../shared/search/extract/chunk-text.ts';
import { AUTO_CHUNKS } from '../../shared/search/extract/extraction.ts';

const count = (text: string) => countTokens(text, { disallowedSpecial: new Set() });
const texts = (text: string, size = AUTO_CHUNKS) => {
  const bytes = Buffer.from(text);
  const { passages, tokens } = chunkText(text, size, count);
  return { tokens, passages, parts: passages.map(({ start, end }) => bytes.toString('utf8', start, end)) };
};
const sentence = (i: number) => `Sentence number ${i} tells of the ${i % 7 === 0 ? 'grey' : 'white'} whale. `;
const prose = Array.from({ length: 400 }, (_, i) => sentence(i) + (i % 20 === 19 ? '\n\n' : '')).join('');

test('a short text is one passage, and nothing is none', () => {
  assert.deepEqual(texts('  Hello.\n').parts, ['Hello.']);
  assert.deepEqual(texts('').parts, []);
  assert.deepEqual(texts(' \n\t ').parts, []);
});

test('passages have the size asked for, overlap as asked, and leave nothing out', () => {
  for (const size of [
    AUTO_CHUNKS,
    { maxTokens: 100, overlapTokens: 0 },
    { maxTokens: 300, overlapTokens: 150 },
  ]) {
    const { parts, passages } = texts(prose, size);
    for (const part of parts) assert.ok(count(part) <= size.maxTokens, `${count(part)} tokens`);
    for (const part of parts.slice(0, -1))
      assert.ok(count(part) >= 0.75 * size.maxTokens, `${count(part)} tokens`);
    for (const [i, { start }] of passages.entries()) {
      if (i === 0) continue;
      const before = passages[i - 1]!;
      const overlap = count(Buffer.from(prose).toString('utf8', start, Math.max(start, before.end)));
      assert.ok(Math.abs(overlap - size.overlapTokens) <= 8, `${overlap} tokens of overlap`);
      assert.match(Buffer.from(prose).toString('utf8', before.end, Math.max(before.end, start)), /^\s*$/);
    }
  }
});

test('a passage ends with a paragraph or a sentence where one ends nearby', () => {
  for (const part of texts(prose).parts) assert.match(part, /\.$/);
});

test('whatever the text, passages lie in it, in order, and hold all of its words', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      'a'.repeat(700),
      ' '.repeat(300),
      '汉字汉字，测试。',
      '😀😀',
      '\r\n\r\n',
      '<|endoftext|>',
      'Größe ',
    ),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.integer({ min: 100, max: 200 }),
      (pieces, maxTokens) => {
        // As a file's text is after it was decoded: without halves of characters.
        const text = pieces.join('').toWellFormed();
        const { parts, passages } = texts(text, { maxTokens, overlapTokens: maxTokens >> 1 });
        const bytes = Buffer.from(text);
        let covered = 0;
        for (const { start, end } of passages) {
          assert.match(bytes.toString('utf8', covered, Math.max(covered, start)), /^\s*$/);
          covered = Math.max(covered, end);
        }
        assert.match(bytes.toString('utf8', covered), /^\s*$/);
        for (const part of parts) {
          assert.ok(!part.includes('\ufffd') || text.includes('\ufffd'), 'cut in the middle of a character');
          assert.ok(count(part) <= maxTokens, `${count(part)} > ${maxTokens}`);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a long run without spaces takes no long time, and is divided', () => {
  const begun = process.cpuUsage();
  const { parts } = texts('a'.repeat(300_000));
  assert.ok(parts.length > 10);
  assert.ok(texts(' '.repeat(300_000)).parts.length === 0);
  const { user } = process.cpuUsage(begun);
  assert.ok(user < 10_000_000, `${user / 1000} ms`);
});

test('more than five million tokens are refused, with the reason', () => {
  const text = 'one two three four five six seven eight. '.repeat(600_000);
  assert.throws(() => texts(text), { code: 'invalid_file', message: /more than 5,000,000 tokens/ });
});

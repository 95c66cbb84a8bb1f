import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { jsonStringStream } from '../../shared/engine/turn/json-string-stream.ts';
import { cpuMs } from '../support/cpu-time.ts';

/** Pushes the pieces and returns what came out piece by piece, and in the end. */
function run(...pieces: readonly string[]) {
  const stream = jsonStringStream('code');
  const pushed = pieces.map((piece) => stream.push(piece));
  const { value, rest } = stream.finish();
  assert.equal(pushed.join('') + rest, value);
  return { pushed, value, rest };
}

function cut(text: string, places: readonly number[]): string[] {
  const sorted = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((start, i) => text.slice(start, sorted[i] ?? text.length));
}

/** Any string of UTF-16 units, with those that matter to JSON and to Python often. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '"',
        '\\',
        '\n',
        '\t',
        '\\"',
        '\\n',
        '\u0000',
        '\u2028',
        '😀',
        '\ud83d',
        '\ude00',
        '{',
        '}',
      ),
    ),
  )
  .map((parts) => parts.join(''));
const places = fc.array(fc.nat(), { maxLength: 40 });
/** JSON text of a string in one of the ways a model may write it. */
const written = (text: string, ascii: boolean) =>
  ascii
    ? JSON.stringify(text).replace(
        /[\u007f-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    : JSON.stringify(text);

test('any string, escaped in any way and cut anywhere, comes out whole and never ends in half a character', () => {
  fc.assert(
    fc.property(anyText, fc.boolean(), places, (code, ascii, at) => {
      const { pushed, value, rest } = run(...cut(`{"code":${written(code, ascii)}}`, at));
      assert.equal(value, code);
      assert.equal(rest, '');
      if (!code.isWellFormed()) return;
      for (const piece of pushed) assert.ok(piece.isWellFormed());
    }),
    { numRuns: 2000 },
  );
});

test('other members, before and after, nested and alike, change nothing', () => {
  const other = fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('cod', 'codes', 'x')).filter((name) => name !== 'code'),
    fc.oneof(fc.jsonValue(), fc.constant({ code: 'not this one', list: ['{"code":"nor this"}'] })),
  );
  fc.assert(
    fc.property(other, anyText, other, fc.nat({ max: 4 }), places, (before, code, after, indent, at) => {
      const { code: _, ...rest } = after;
      const members = Object.fromEntries([...Object.entries(before), ['code', code]]);
      const text = JSON.stringify({ ...members, ...rest }, undefined, indent);
      assert.equal(run(...cut(text, at)).value, code);
    }),
    { numRuns: 1000 },
  );
});

test('whatever arrives, however cut, the result is the same and nothing throws', () => {
  const junk = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom('{', '}', '"code"', ':', '"', '\\', '\\u', '00', ',', '[', '1', 'null'),
    ),
  );
  fc.assert(
    fc.property(junk, places, (parts, at) => {
      const text = parts.join('');
      assert.equal(run(...cut(text, at)).value, run(text).value);
    }),
    { numRuns: 2000 },
  );
});

test('a prefix of the arguments yields a prefix of the code', () => {
  fc.assert(
    fc.property(anyText, fc.nat(), (code, at) => {
      const text = JSON.stringify({ code });
      const { value } = run(text.slice(0, Math.max(9, at % text.length)));
      assert.ok(code.startsWith(value));
    }),
  );
});

test('characters come out with the piece that completes them', () => {
  const { pushed } = run(
    '{"co',
    'de": "imp',
    'ort x\\',
    'nprint(\\"h',
    'i\\u00',
    'e9\\ud8',
    '3d',
    '\\ude00!',
    '")"',
    '}',
  );
  assert.deepEqual(pushed, ['', 'imp', 'ort x', '\nprint("h', 'i', 'é', '', '😀!', '', '']);
});

for (const [name, text, expected] of [
  [
    'cut off at the token limit, the code is taken as far as it came',
    '{"code":"print(1)\\nprin',
    'print(1)\nprin',
  ],
  ['cut off within an escape, the half escape is left out', '{"code":"print(1)\\', 'print(1)'],
  ['cut off before the code, there is none', '{"cod', ''],
  ['bare code is code', 'import math\nprint("x")', 'import math\nprint("x")'],
  ['bare code that starts with a string is code', '"""Doc"""\nprint(1)', '"""Doc"""\nprint(1)'],
  ['bare code that starts with a brace is code', '{x for x in range(3)}', '{x for x in range(3)}'],
  ['bare code loses its Markdown fence', '```python\nprint(1)\n```', 'print(1)'],
  ['a bare JSON string is code', '"print(1)\\n"', 'print(1)\n'],
  ['an object with one string under another name: that string', '{"input":"print(1)","n":1}', 'print(1)'],
  ['an object with two other strings: none of them', '{"a":"1","b":"2"}', ''],
  ['a code that is no string is none', '{"code":null}', ''],
  ['no arguments are no code', '', ''],
  ['raw line breaks within the string are line breaks', '{"code":"a = 1\nprint(a)\t"}', 'a = 1\nprint(a)\t'],
  [
    'a backslash that escapes nothing stays',
    '{"code":"re.match(r\'\\d\\u00x\\w\')"}',
    "re.match(r'\\d\\u00x\\w')",
  ],
  ['a needlessly escaped single quote is a quote', '{"code":"print(\\\'x\\\')"}', "print('x')"],
  ['a cut unicode escape before the closing quote stays', '{"code":"x\\u12"}', 'x\\u12'],
  ['of two members of that name the first counts', '{"code":"1","code":"2"}', '1'],
  ['what follows the object is ignored', '{"code":"1"}{"code":"2"}', '1'],
] as const) {
  test(name, () => assert.equal(run(...text).value, expected));
}

test('a million characters in small pieces take time in proportion', () => {
  const code = 'print("a long line of code with \\ and ünïcödë")\n'.repeat(20_000);
  const text = JSON.stringify({ code });
  const stream = jsonStringStream('code');
  const took = cpuMs(() => {
    for (let at = 0; at < text.length; at += 4) stream.push(text.slice(at, at + 4));
  });
  assert.equal(stream.finish().value, code);
  // Far above what it takes, far below what work in proportion to the square would.
  assert.ok(took < 20_000);
});

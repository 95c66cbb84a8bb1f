/** Reading JSON bodies: what comes out is what `JSON.parse` says, whatever the pieces it arrives in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { LONG_TEXTS_BODY, SHORT_BODY } from '../../shared/api/body-limits.ts';
import { guardJson } from '../../shared/http/json-guard.ts';
import { JsonReader } from '../../shared/http/json-reader.ts';

/** Reads the bytes in pieces of the sizes given, which are used in turn. */
async function read(bytes: Uint8Array, sizes: readonly number[], limits = LONG_TEXTS_BODY): Promise<unknown> {
  const reader = new JsonReader(limits);
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    reader.push(bytes.subarray(from, from + size));
    from += size;
  }
  const { value, texts } = reader.finish();
  return guardJson(value, texts);
}

/** As JSON may write it: raw, or with the escapes that other languages write. */
function written(text: string, style: number): string {
  const json = JSON.stringify(text);
  if (style === 0) return json;
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `"${text.replaceAll(style === 1 ? /[^ -~]|["\\]/g : /[\s\S]/g, escaped)}"`;
}

const unit = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }),
  fc.constantFrom('\\', '"', '\n', '漢', '😀', '\ufeff', 'é'),
);
const longText = fc
  .record({
    units: fc.array(unit, { minLength: 1, maxLength: 6 }),
    length: fc.oneof(fc.nat(3000), fc.nat(400_000)),
    style: fc.nat(2),
  })
  .map(({ units, length, style }) => {
    const text = units
      .join('')
      .repeat(Math.ceil(length / units.join('').length))
      .slice(0, length)
      .toWellFormed();
    return { text, json: written(text, style) };
  });

test('long strings of any characters and escapes come out whole, in whatever pieces they arrive', async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 300_000 })), {
    minLength: 1,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(longText, { minLength: 1, maxLength: 4 }), sizes, async (texts, pieces) => {
      const json = `{"texts":[${texts.map(({ json }) => json).join(' ,')}],"after":1}`;
      assert.deepEqual(await read(Buffer.from(json), pieces), {
        texts: texts.map(({ text }) => text),
        after: 1,
      });
    }),
    { numRuns: 30 },
  );
});

test('a body is accepted exactly where JSON.parse accepts it, and means the same', async () => {
  const almost = fc.oneof(
    fc.json({ maxDepth: 5 }),
    fc.string({ unit: fc.constantFrom(...'[]{}",:\\u0041e+-. \n\ttrueflsn1'), maxLength: 30 }),
    fc
      .tuple(fc.json(), fc.nat(60), fc.constantFrom('"', '\\', ']', '}', ',', '\u0001', ''))
      .map(([json, at, inserted]) => json.slice(0, at) + inserted + json.slice(at + 1)),
  );
  await fc.assert(
    fc.asyncProperty(almost, async (json) => {
      let expected: unknown;
      try {
        expected = JSON.parse(json);
      } catch {
        await assert.rejects(read(Buffer.from(json), [3]));
        return;
      }
      const found = await read(Buffer.from(json), [3]).catch((error: Error) => error.message);
      // What is refused beyond the grammar has its own tests.
      if (typeof found === 'string' && /surrogate|__proto__|double/.test(found)) return;
      assert.deepEqual(found, expected);
    }),
    { numRuns: 3000 },
  );
});

for (const [says, json, message] of [
  ['a million numbers', `{"x":[${'0,'.repeat(1_000_000)}0]}`, /too many values: at most 20000/],
  ['a million objects', `[${'{},'.repeat(400_000)}{}]`, /too many values/],
  ['a million names, all the same', `{${'"a":0,'.repeat(200_000)}"a":0}`, /too many values/],
  [
    'a million names, all different',
    `{${Array.from({ length: 100_000 }, (_, at) => `"${at}":0`).join()}}`,
    /too many values/,
  ],
  ['a hundred and one arrays in each other', '['.repeat(101) + ']'.repeat(101), /nested too deeply/],
  ['objects without an end', '{"a":'.repeat(10_000), /nested too deeply/],
  ['a number of ten thousand digits', `[${'9'.repeat(10_000)}]`, /number of more than 400/],
  ['a fraction of ten thousand digits', `[0.${'9'.repeat(10_000)}]`, /number of more than 400/],
  ['a number beyond doubles', '{"a":{"b":[1,-1e999]}}', /'a\.b\[1\]' is beyond what a double/],
  ['a name of a hundred thousand letters', `{"${'x'.repeat(100_000)}":1}`, /property name that is too long/],
  ['a name of two thousand escapes', `{"${'\\u0061'.repeat(2000)}" : 1}`, /property name that is too long/],
  ['a name of eleven hundred characters', `{"a":{"${'x'.repeat(1100)}":1}}`, /property name .*too long/],
  ['a word of ten thousand letters', 'x'.repeat(10_000), /no JSON at all/],
  ['more than a mebibyte', `"${'x'.repeat(1024 * 1024)}"`, /limit is 1048576 bytes \(1 MiB\)/],
  ['more than a mebibyte of spaces', ' '.repeat(1024 * 1024 + 1), /limit is 1048576 bytes/],
  ['half a pair at the end of a long text', `{"a":["${'x'.repeat(5000)}\\ud83d"]}`, /'a\[0\]' contains half/],
  ['half a pair in a name', '{"a":{"\\ud83d":1}}', /property name in 'a' contains half/],
] as const) {
  test(`${says}: refused before anything is made of it`, async () => {
    await assert.rejects(read(Buffer.from(json), [65_536], SHORT_BODY), { message });
  });
}

for (const json of [
  '{"metadata":{"__proto__":"x"}}',
  '{"metadata":{"\\u005f_proto__":"x"}}',
  '[[{"a":[{"__proto__":{}}]}]]',
]) {
  test(`the name __proto__ is refused wherever it stands: ${json}`, async () => {
    await assert.rejects(read(Buffer.from(json), [5]), {
      status: 400,
      message: /__proto__' cannot be stored/,
    });
  });
}

test('names that only look dangerous are names like any other', async () => {
  const json = '{"constructor":{"prototype":[1]},"toString":"x","hasOwnProperty":null,"":0}';
  assert.deepEqual(await read(Buffer.from(json), [1]), JSON.parse(json));
});

test('a caller cannot forge the mark of a long text', async () => {
  const reader = new JsonReader(LONG_TEXTS_BODY);
  const forged = `${'0'.repeat(32)}00000000`;
  reader.push(Buffer.from(JSON.stringify({ long: 'x'.repeat(5000), forged })));
  const { value, texts } = reader.finish();
  assert.deepEqual(await guardJson(value, texts), { long: 'x'.repeat(5000), forged });
});

test('invalid UTF-8 is no JSON, in a long text as well', async () => {
  for (const before of [0, 3000, 300_000]) {
    const bytes = Buffer.concat([
      Buffer.from(`{"a":"${'x'.repeat(before)}`),
      Buffer.from([0xc3, 0x28, 0xff]),
      Buffer.from('"}'),
    ]);
    await assert.rejects(read(bytes, [1000]), TypeError);
  }
});

test('a byte order mark before the body is no part of it', async () => {
  assert.deepEqual(await read(Buffer.from('\ufeff{"a":"\ufeff"}'), [1]), { a: '\ufeff' });
});

/** JSON bodies on their way in: compressed ones, those that come slowly, and what they cost the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';

import { LONG_TEXTS_BODY, SHORT_BODY } from '../../shared/api/body-limits.ts';
import { createThread } from '../../shared/api/thread.ts';
import { validate } from '../../shared/api/validate.ts';
import { bodyChunks, readJson } from '../../shared/http/body.ts';
import { createBodyBudget } from '../../shared/http/body-budget.ts';

const MEBIBYTE = 1024 * 1024;

/** A request whose body arrives in pieces as sockets give them. */
function requestOf(bytes: Uint8Array, headers: Record<string, string> = {}) {
  let at = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + 65_536));
      at += 65_536;
    },
  });
  return { body, headers: new Headers(headers) };
}

const share = () => createBodyBudget().open('key');
const gzip = { 'content-encoding': 'gzip' };

test('a compressed body means what it means uncompressed', async () => {
  const value = { messages: [{ role: 'user', content: '漢😀\n'.repeat(100_000) }] };
  const bytes = gzipSync(JSON.stringify(value));
  for (const encoding of ['gzip', 'GZIP', ' x-gzip']) {
    const request = requestOf(bytes, { 'content-encoding': encoding });
    assert.deepEqual(await readJson(request, LONG_TEXTS_BODY, share()), value);
  }
  const members = Buffer.concat([gzipSync('{"a":'), gzipSync('1}')]);
  assert.deepEqual(await readJson(requestOf(members, gzip), SHORT_BODY, share()), { a: 1 });
  assert.deepEqual(await readJson(requestOf(gzipSync(''), gzip), SHORT_BODY, share()), {});
});

for (const [says, bytes, status, message] of [
  [
    'inflates to more than the limit',
    gzipSync(`"${'x'.repeat(64 * MEBIBYTE)}"`),
    413,
    /limit is 1048576 bytes/,
  ],
  ['inflates to a million values', gzipSync(`[${'{},'.repeat(300_000)}{}]`), 400, /too many values/],
  ['is full of empty members', Buffer.concat(Array(60_000).fill(gzipSync(''))), 413, /limit is 1048576/],
  ['is cut', gzipSync(JSON.stringify({ a: 'x'.repeat(1000) })).subarray(0, 20), 400, /could not decompress/],
  ['is no gzip at all', Buffer.from('{"a":1}'), 400, /could not decompress/],
  [
    'goes on after its end',
    Buffer.concat([gzipSync('{}'), Buffer.from('garbage')]),
    400,
    /could not decompress|no JSON/,
  ],
] as const) {
  test(`a compressed body that ${says} is refused`, async () => {
    await assert.rejects(readJson(requestOf(bytes, gzip), SHORT_BODY, share()), { status, message });
  });
}

test('other ways to compress are refused by name', async () => {
  for (const encoding of ['deflate', 'br', 'zstd', 'gzip, gzip', 'gzip, identity', 'x'.repeat(1000)]) {
    const request = requestOf(deflateSync('{}'), { 'content-encoding': encoding });
    await assert.rejects(readJson(request, SHORT_BODY, share()), {
      status: 415,
      code: 'unsupported_content_encoding',
    });
  }
});

test('a body that does not come is not waited for, and leaves nothing behind', async () => {
  let cancelled = false;
  const body = new ReadableStream({
    start: (to) => to.enqueue(Buffer.from('{')),
    cancel: () => {
      cancelled = true;
    },
  });
  const read = async () => {
    for await (const _ of bodyChunks({ body, headers: new Headers() }, { idleMs: 20, discardMs: 20 }));
  };
  await assert.rejects(read(), { status: 408, code: 'request_timeout' });
  while (!cancelled) await new Promise(setImmediate);
});

test('of a body that is refused the rest is read, so that its connection can be used again', async () => {
  let left = 100;
  const body = new ReadableStream({
    pull: (to) => (left-- > 0 ? to.enqueue(Buffer.from('{"a":'.repeat(1000))) : to.close()),
  });
  await assert.rejects(readJson({ body, headers: new Headers() }, SHORT_BODY, share()), {
    message: /nested too deeply/,
  });
  while (left >= 0) await new Promise(setImmediate);
});

test('what bodies take at once is bounded, for all and for each key, and given back', async () => {
  const budget = createBodyBudget(100, 60);
  const [first, second] = [budget.open('a'), budget.open('a')];
  first.take(50);
  assert.throws(() => second.take(11), { status: 429, headers: { 'retry-after': '1' } });
  second.take(10);
  const other = budget.open('b');
  assert.throws(() => other.take(41), { status: 429 });
  other.take(40);
  first[Symbol.dispose]();
  other.take(20);
  second.take(20);
});

const MEBIBYTES_32 = 32 * MEBIBYTE - 1000;
const filled = (unit: string, bytes: number) => unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)));
const texts = (unit: string) => {
  const content = filled(unit, 250_000);
  return JSON.stringify({
    messages: Array(Math.floor(MEBIBYTES_32 / 250_040)).fill({ role: 'user', content: 'CONTENT' }),
  }).replaceAll('CONTENT', content);
};

/** Bodies that are accepted, or refused only when all of them was there. `npm run bench hostile` has many more. */
for (const [says, make] of [
  ['messages of 250,000 letters', () => texts('x')],
  ['messages of escaped letters', () => texts('\\u0041')],
  ['one string of emojis', () => `{"messages":"${filled('😀', MEBIBYTES_32)}"}`],
  ['one string of newlines', () => `{"messages":"${filled('x\\n', MEBIBYTES_32)}"}`],
  ['as many wrong messages as are looked at', () => `{"messages":[${filled('{"a":1},', 131_000)}{}]}`],
  [
    'as many names as are looked at',
    () => `{"metadata":{${Array.from({ length: 4_900 }, (_, at) => `"${at}":0`).join()}}}`,
  ],
  ['as many empty objects as are looked at', () => `{"messages":[${filled('{},', 74_000)}{}]}`],
] as const) {
  test(`nobody waits long for a body with ${says}`, async () => {
    const bytes = Buffer.from(make());
    const turns = watchTurns();
    const body = await readJson(requestOf(bytes), LONG_TEXTS_BODY, share());
    await new Promise(setImmediate);
    try {
      validate(createThread, body);
    } catch {
      // Whether it is accepted is not the question.
    }
    await new Promise(setImmediate);
    // Processor time of this thread, which no other process can add to. The first time includes compiling.
    const longest = turns.stop();
    assert.ok(longest < 150, `a turn of ${longest} ms`);
  });
}

/** How much processor time the longest turn of the event loop took, in milliseconds. */
function watchTurns() {
  const now = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let [last, longest, over] = [now(), 0, false];
  const turn = () => {
    const at = now();
    longest = Math.max(longest, at - last);
    last = at;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    stop() {
      over = true;
      return longest;
    },
  };
}

/** Requests by the hundred: guessed keys, and streams that nobody reads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StreamReply } from '../../shared/http/reply.ts';
import { addressOf } from '../../shared/http/strangers.ts';
import { api, echo, refusal } from './endpoint-scene.ts';

test('three hundred wrong keys are not looked at three hundred times, and other addresses go on', async () => {
  let now = 0;
  const { call } = api(echo, { failuresPerMinute: 10, clock: { now: () => now } });
  const from = (address: string, key: string) =>
    call('/v1/assistants', {
      headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': `6.6.6.6, ${address}` },
    });
  const statuses: number[] = [];
  for (let n = 0; n < 300; n++) statuses.push((await from('198.51.100.7:4711', `wrong-key-${n}`)).status);
  assert.deepEqual(
    [statuses.filter((status) => status === 401).length, statuses.filter((status) => status === 429).length],
    [10, 290],
  );
  const refused = await from('198.51.100.7:1', 'KEY-A-0123456789');
  assert.equal(refused.headers.get('retry-after'), '6', 'not even the right one');
  assert.equal((await refusal(refused)).status, 429);
  assert.equal((await from('198.51.100.8:4711', 'KEY-A-0123456789')).status, 200);
  now += 6_000;
  assert.equal((await from('198.51.100.7:4711', 'KEY-A-0123456789')).status, 200);
  assert.equal(
    (await from('198.51.100.7:4711', 'KEY-A-0123456789')).status,
    200,
    'a right key costs nothing',
  );
});

for (const [header, address] of [
  ['203.0.113.5', '203.0.113.5'],
  ['1.1.1.1, 203.0.113.5:40000', '203.0.113.5'],
  ['[2001:db8:1:2:3:4:5:6]:443', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::ffff:203.0.113.5', '203.0.113.5'],
  ['', ''],
  ['x'.repeat(1000), 'x'.repeat(64)],
] as const) {
  test(`whoever comes through '${header.slice(0, 40)}' is counted as '${address.slice(0, 20)}'`, () => {
    assert.equal(addressOf(new Headers({ 'x-forwarded-for': header })), address);
  });
}

/** Streams that say one word and then wait until they are told to end. */
function endless() {
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* words() {
    yield 'a word';
    await over;
  }
  const reply = async () => new StreamReply(words(), { 'content-type': 'text/event-stream' });
  return { end: () => end(), handlers: { ...echo, followRunEvents: reply, createThreadAndRun: reply } };
}

test('readers of one run are bounded, those of another run are let in, and who leaves makes room', async () => {
  const { end, handlers } = endless();
  const { call } = api(handlers, { followersPerRun: 3 });
  const follow = (run: string) => call(`/v1/threads/thread_1/runs/${run}/events`);
  const open = await Promise.all(Array.from({ length: 3 }, () => follow('run_1')));
  assert.deepEqual(
    open.map(({ status }) => status),
    [200, 200, 200],
  );
  const refused = await follow('run_1');
  assert.equal(refused.headers.get('retry-after'), '5');
  assert.deepEqual(await refusal(refused), {
    status: 429,
    type: 'rate_limit_error',
    code: 'too_many_streams',
    param: null,
    message: 'Too many open streams: 3 readers follow this run. Please try again in 5s.',
  });
  assert.equal((await follow('run_2')).status, 200);
  const other = { authorization: 'Bearer KEY-B-0123456789' };
  const elsewhere = await call('/v1/threads/thread_1/runs/run_1/events', { headers: other });
  assert.equal(elsewhere.status, 200, 'another project has no part in it');
  end();
  for (const answer of open) await answer.text();
  assert.equal((await follow('run_1')).status, 200);
});

test('streams of one key are bounded before a run begins, and other answers are not counted', async () => {
  const { end, handlers } = endless();
  const { call } = api(handlers, { streamsPerKey: 2 });
  const begin = (stream: boolean) =>
    call('/v1/threads/runs', { method: 'POST', body: JSON.stringify({ assistant_id: 'asst_1', stream }) });
  const open = [await begin(true), await begin(true)];
  assert.equal((await refusal(await begin(true))).status, 429);
  assert.equal((await call('/v1/assistants')).status, 200);
  end();
  for (const answer of open) await answer.text();
  assert.equal((await begin(true)).status, 200);
});

test('answers are kept by no cache and taken for nothing else', async () => {
  const { call } = api(echo);
  for (const answer of [
    await call('/v1/assistants'),
    await call('/v1/nothing'),
    await call('/v1/assistants?limit=0'),
  ]) {
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  }
});

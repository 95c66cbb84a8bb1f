import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventId } from '../../shared/events/event-id.ts';
import { Feed } from '../../shared/events/feed.ts';
import { BROKEN, type ResponseOptions, respond } from '../../shared/events/respond.ts';
import { done, keepAlive } from '../../shared/events/sse.ts';
import { textDelta } from '../../shared/run/delta-events.ts';
import { quietLog } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';

const say = (n: number, text: string) => ({ id: eventId(0, n), event: textDelta('msg_1', 0, text, false) });

interface Case {
  readonly feed: Feed;
  readonly client: AbortController;
  readonly worked: PromiseWithResolvers<void>;
  /** Set when the engine has told the stream's last event. */
  finished: boolean;
  readonly followed: number[];
  respond(changes?: Partial<ResponseOptions>): AsyncGenerator<string>;
}

function aCase(): Case {
  const one: Case = {
    feed: new Feed(),
    client: new AbortController(),
    worked: Promise.withResolvers<void>(),
    finished: false,
    followed: [],
    respond: (changes = {}) =>
      respond({
        feed: one.feed,
        first: [],
        finished: () => one.finished,
        async *follow(after) {
          one.followed.push(after);
          yield 'from the log';
        },
        worked: one.worked.promise,
        signal: one.client.signal,
        log: quietLog,
        ...changes,
      }),
  };
  return one;
}

async function textOf(stream: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const text of stream) all += text;
  return all;
}

describe('the response of a streaming request', () => {
  it('ends with the last event, and does not wait for the log', async () => {
    const one = aCase();
    const text = textOf(one.respond({ first: ['first\n'] }));
    one.feed.tell(say(1, 'Hello'));
    await delay(5);
    one.feed.tell(say(2, ' there'));
    one.finished = true;
    const all = await text;
    assert.match(all, /^first\nid: 1\nevent: thread\.message\.delta\n.*Hello.*\n\nid: 2\n.*\n.* there/);
    assert.ok(all.endsWith(done));
    assert.deepEqual(one.followed, []);
  });

  it('goes on in the log when the run goes on elsewhere', async () => {
    const one = aCase();
    one.feed.tell(say(7, 'Hello'));
    one.feed.close();
    one.worked.resolve();
    assert.match(await textOf(one.respond()), /Hello(.|\n)*from the log$/);
    assert.deepEqual(one.followed, [7]);
  });

  it('sends a reader that falls behind to the log, and keeps nothing for it', async () => {
    const one = aCase();
    const reader = one.respond();
    const first = reader.next();
    one.feed.tell(say(1, 'a'));
    assert.match(String((await first).value), /"a"/);
    for (let n = 2; n < 2000; n++) one.feed.tell(say(n, 'x'.repeat(1000)));
    assert.equal(one.feed.state, 'behind');
    assert.equal((await reader.next()).value, 'from the log');
    assert.deepEqual(one.followed, [1]);
    assert.equal(one.feed.take(), '');
    one.worked.resolve();
    assert.equal((await reader.next()).done, true);
  });

  it('has one that is behind at the end read the rest there, too', async () => {
    const one = aCase();
    const reader = one.respond();
    const first = reader.next();
    one.feed.tell(say(1, 'a'));
    await first;
    for (let n = 2; n < 2000; n++) one.feed.tell(say(n, 'x'.repeat(1000)));
    one.finished = true;
    one.feed.close();
    one.worked.resolve();
    assert.equal(await textOf(reader), 'from the log');
    assert.deepEqual(one.followed, [1]);
  });

  it('holds one event however large', async () => {
    const one = aCase();
    one.feed.tell(say(1, 'x'.repeat(2_000_000)));
    one.finished = true;
    assert.ok((await textOf(one.respond())).length > 2_000_000);
  });

  it('keeps an idle connection open with comments', async () => {
    const one = aCase();
    const reader = one.respond({ keepAliveMs: 20 });
    assert.equal((await reader.next()).value, keepAlive);
    assert.equal((await reader.next()).value, keepAlive);
    one.finished = true;
    one.feed.close();
    assert.equal((await reader.next()).value, done);
  });

  it('frees everything when the client leaves, and returns when the run is done', async () => {
    const one = aCase();
    let returned = false;
    const reader = textOf(one.respond()).then(() => {
      returned = true;
    });
    one.feed.tell(say(1, 'Hello'));
    await delay(5);
    one.client.abort();
    await eventually(
      'listeners to go',
      () => getEventListeners(one.client.signal, 'abort').length === 0,
      1000,
    );
    one.feed.tell(say(2, 'there'));
    assert.deepEqual([one.feed.state, one.feed.take()], ['closed', '']);
    await delay(20);
    assert.equal(returned, false, 'an invocation that returns keeps no process alive for its run');
    one.worked.resolve();
    await reader;
  });

  it('says so when the log cannot be read', async () => {
    const one = aCase();
    one.feed.close();
    one.worked.resolve();
    const text = await textOf(
      one.respond({
        follow: () => {
          throw new Error('storage');
        },
      }),
    );
    assert.match(text, /^event: error\ndata: \{.*\}\n\n$/);
    assert.ok(text.includes(BROKEN));
  });
});

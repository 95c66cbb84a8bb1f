import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { testApi } from '../support/api.ts';
import { storageTraffic } from '../support/storage-traffic.ts';

/** What a request costs must not depend on how much there is. Transactions are counted; times are a bench's. */
const api = await testApi();
after(() => api[Symbol.asyncDispose]());
const { assistants, threads } = api.client().beta;

const SMALL = 20;
const LARGE = 400;
const PAGE = 20;

interface Conversation {
  readonly threadId: string;
  /** Oldest first. */
  readonly messages: readonly string[];
}

async function conversation(size: number): Promise<Conversation> {
  const messages = Array.from({ length: size }, (_, index) => ({
    role: 'user' as const,
    content: `Message ${index}`,
  }));
  const { id: threadId } = await threads.create({ messages });
  const ids: string[] = [];
  for await (const { id } of threads.messages.list(threadId, { order: 'asc', limit: 100 })) ids.push(id);
  assert.equal(ids.length, size);
  return { threadId, messages: ids };
}

let small: Conversation;
let large: Conversation;
let assistantId = '';
before(async () => {
  [small, large] = await Promise.all([conversation(SMALL), conversation(LARGE)]);
  assistantId = (await assistants.create({ model: 'scripted' })).id;
});

const costOf = async (work: () => Promise<unknown>): Promise<string[]> =>
  (await storageTraffic(work)).transactions.map(({ service, method }) => `${service} ${method}`);

/** The thread, then a range of documents; oldest first, a range of pointers before it. */
const costs = {
  desc: ['table GET', 'table GET'],
  asc: ['table GET', 'table GET', 'table GET'],
};

for (const order of ['desc', 'asc'] as const) {
  test(`a page of messages (${order}) costs ${costs[order].length} transactions, wherever it lies`, async () => {
    const ordered = order === 'asc' ? large.messages : large.messages.toReversed();
    const places = { first: undefined, middle: ordered[LARGE / 2], last: ordered[LARGE - PAGE - 1] };
    for (const [place, cursor] of Object.entries(places)) {
      const query = { order, limit: PAGE, ...(cursor ? { after: cursor } : {}) };
      const cost = await costOf(async () => {
        const page = await threads.messages.list(large.threadId, query);
        const from = cursor ? ordered.indexOf(cursor) + 1 : 0;
        assert.deepEqual(
          page.data.map(({ id }) => id),
          ordered.slice(from, from + PAGE),
        );
      });
      assert.deepEqual(cost, costs[order], place);
    }
    const cost = await costOf(() => threads.messages.list(small.threadId, { order, limit: PAGE }));
    assert.deepEqual(cost, costs[order], 'all of a small thread');
  });
}

test('the page before a cursor costs what the page after it costs', async () => {
  const before = large.messages[LARGE / 2] ?? '';
  for (const [order, cost] of [
    ['desc', costs.asc],
    ['asc', costs.desc],
  ] as const) {
    assert.deepEqual(await costOf(() => threads.messages.list(large.threadId, { order, before })), cost);
  }
});

test('adding a message costs one read and one write, however long the thread is', async () => {
  for (const { threadId } of [small, large]) {
    const add = () => threads.messages.create(threadId, { role: 'user', content: 'one more' });
    assert.deepEqual(await costOf(add), ['table GET', 'table POST']);
  }
});

test('starting a run costs the same, however long the thread is', async () => {
  const start = ({ threadId }: Conversation) => threads.runs.create(threadId, { assistant_id: assistantId });
  // Assistant and thread; the watchdog, the run with its lock, and the message that starts it.
  const cost = ['table GET', 'table GET', 'queue POST', 'table POST', 'queue POST'];
  assert.deepEqual(await costOf(() => start(small)), cost);
  assert.deepEqual(await costOf(() => start(large)), cost);
});

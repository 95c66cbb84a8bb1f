import assert from 'node:assert/strict';

import type { Row } from '../scene/row.ts';

export const lists: readonly Row[] = [
  {
    says: 'a list is paged through forwards and backwards without loss or repetition',
    async run({ client }) {
      const { messages, ...threads } = client.beta.threads;
      const created = Array.from({ length: 25 }, (_, index) => `${index}`);
      const { id } = await client.beta.threads.create({
        messages: created.map((content) => ({ role: 'user', content })),
      });
      assert.ok(threads);
      const textOf = ({ content: [part] }: { content: readonly { type: string }[] }) =>
        part && 'text' in part ? (part.text as { value: string }).value : '';
      for (const [order, expected] of [
        ['asc', created],
        ['desc', created.toReversed()],
      ] as const) {
        for (const limit of [1, 24, 25, 26]) {
          const found: string[] = [];
          for await (const message of messages.list(id, { order, limit })) found.push(textOf(message));
          assert.deepEqual(found, expected, `${order} by ${limit}`);
        }
        const [first, second, third] = (await messages.list(id, { order, limit: 3 })).data;
        assert.ok(first && second && third);
        const back = await messages.list(id, { order, limit: 1, before: third.id });
        assert.deepEqual([back.data.map(textOf), back.has_more], [[textOf(second)], true]);
        const start = await messages.list(id, { order, before: third.id });
        assert.deepEqual([start.data.map(textOf), start.has_more], [[textOf(first), textOf(second)], false]);
      }
      const page = await messages.list(id);
      assert.deepEqual([page.data.length, page.has_more], [20, true]);
    },
  },
  {
    says: 'a cursor stays a place when its object is deleted',
    async run({ client: { beta }, model }) {
      const create = () => beta.assistants.create({ model });
      const [first, second, third] = [await create(), await create(), await create()];
      await beta.assistants.delete(second.id);
      assert.deepEqual((await beta.assistants.list({ after: second.id, limit: 1 })).data, [first]);
      assert.deepEqual((await beta.assistants.list({ before: second.id, limit: 1 })).data, [third]);
    },
  },
  {
    says: 'a cursor that is null, as in a loop’s first turn, begins the list',
    async run({ client, shared }) {
      const { thread_id } = await shared.finishedRun();
      const { messages } = client.beta.threads;
      const begin = await messages.list(thread_id, { limit: 1 });
      for (const cursor of [{ after: null }, { before: null }, { after: '' }]) {
        const query = { limit: 1, ...cursor } as { limit: number; after?: string };
        assert.deepEqual((await messages.list(thread_id, query)).data, begin.data);
      }
    },
  },
  {
    says: 'a list of nothing says so with nulls',
    async run({ client, send }) {
      const { id } = await client.beta.threads.create();
      for (const kind of ['messages', 'runs']) {
        const { body } = await send('GET', `/v1/threads/${id}/${kind}`);
        assert.deepEqual(body, { object: 'list', data: [], first_id: null, last_id: null, has_more: false });
      }
    },
  },
];

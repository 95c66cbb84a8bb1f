import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { testApi } from '../support/api.ts';
import { testStorage } from '../support/azurite.ts';

const WRITERS = 64;

describe('a crowd that writes to one thread', () => {
  it(`of ${WRITERS} over two hosts is served, each once, in an order that all see`, async () => {
    const STORAGE_PREFIX = `${(await testStorage()).prefix}crowd`;
    await using one = await testApi({ STORAGE_PREFIX });
    await using two = await testApi({ STORAGE_PREFIX });
    const clients = [one.client(), two.client()] as const;
    const { id } = await clients[0].beta.threads.create({});
    const metadata: number[] = [];
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, i) => {
        const { threads } = clients[i % 2]!.beta;
        if (i % 8 === 7) {
          await threads.update(id, { metadata: { writer: String(i) } });
          metadata.push(i);
        } else {
          await threads.messages.create(id, { role: 'user', content: `writer ${i}` });
        }
      }),
    );
    const seen = [];
    for await (const message of clients[1].beta.threads.messages.list(id, { order: 'asc', limit: 20 })) {
      seen.push(message.content[0]?.type === 'text' && message.content[0].text.value);
    }
    assert.equal(seen.length, WRITERS - WRITERS / 8);
    assert.equal(new Set(seen).size, seen.length);
    const newestFirst = await clients[0].beta.threads.messages.list(id, { limit: 100 });
    assert.deepEqual(
      newestFirst.data.map(({ content: [part] }) => part?.type === 'text' && part.text.value).reverse(),
      seen,
    );
    const thread = await clients[0].beta.threads.retrieve(id);
    assert.ok(metadata.map(String).includes((thread.metadata as { writer: string }).writer));
  });

  it('lets exactly one of many runs begin, and refuses the others in the words of a locked thread', async () => {
    await using api = await testApi();
    const { threads, assistants } = api.client().beta;
    const { id: assistant_id } = await assistants.create({ model: 'scripted' });
    const { id } = await threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
    const begun = await Promise.allSettled([
      ...Array.from({ length: 8 }, () => threads.runs.create(id, { assistant_id })),
      ...Array.from({ length: 8 }, (_, i) =>
        threads.messages.create(id, { role: 'user', content: String(i) }),
      ),
    ]);
    const refusals = begun.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
    assert.equal(begun.slice(0, 8).filter(({ status }) => status === 'fulfilled').length, 1);
    for (const refusal of refusals) assert.match(refusal, /400 .*(already has an active run|while a run)/);
  });
});

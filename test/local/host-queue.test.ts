import assert from 'node:assert/strict';
import { test } from 'node:test';

import { eventually } from '../support/eventually.ts';
import { fixture } from './fixture-host.ts';

test('a message is handled once and deleted', async () => {
  const app = await fixture();
  const host = await app.startHost();
  await app.send({ name: 'a' });
  await eventually('the end', async () => (await app.journal()).some(({ event }) => event === 'end'));
  const properties = await eventually('the deletion', async () => {
    const found = await app.work.getProperties();
    return found.approximateMessagesCount === 0 && found;
  });
  assert.equal(properties.approximateMessagesCount, 0);
  const begins = (await app.journal()).filter(({ event }) => event === 'begin');
  assert.deepEqual(begins, [{ event: 'begin', name: 'a', dequeueCount: 1, id: 'string' }]);
  await host.stop();
});

test('a message that fails comes again, then goes to the poison queue, whose function gets it whole', async () => {
  const app = await fixture();
  const host = await app.startHost();
  await app.send({ name: 'b', fail: true });
  const poison = await eventually('the poison message', async () =>
    (await app.journal()).find(({ event }) => event === 'poison'),
  );
  assert.deepEqual(poison.message, { name: 'b', fail: true });
  const tries = (await app.journal()).filter(({ event }) => event === 'begin');
  assert.deepEqual(
    tries.map(({ dequeueCount }) => dequeueCount),
    [1, 2, 3],
  );
  await host.stop();
});

test('a text that is not base64 goes to the poison queue without a try', async () => {
  const app = await fixture();
  const host = await app.startHost();
  await app.work.sendMessage('not base64!');
  const poisoned = app.work.name;
  await eventually('the log', () => host.logs().includes(`goes to ${poisoned}-poison`));
  assert.deepEqual(
    (await app.journal()).filter(({ event }) => event === 'begin'),
    [],
  );
  await host.stop();
});

test('no more than batchSize + newBatchThreshold messages are in hand at a time', async () => {
  const app = await fixture();
  await app.work.create();
  for (let index = 0; index < 14; index += 1) await app.send({ name: `n${index}`, milliseconds: 50 });
  const host = await app.startHost();
  const journal = await eventually('all of them', async () => {
    const entries = await app.journal();
    return entries.filter(({ event }) => event === 'end').length === 14 && entries;
  });
  let inHand = 0;
  let most = 0;
  for (const { event } of journal) {
    if (event === 'begin') inHand += 1;
    if (event === 'end') inHand -= 1;
    most = Math.max(most, inHand);
  }
  assert.ok(most <= 6, `${most} at a time`);
  await host.stop();
});

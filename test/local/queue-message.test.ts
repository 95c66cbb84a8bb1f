import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueueServiceClient } from '@azure/storage-queue';

import { createLog } from '../../local/host/log.ts';
import { handleMessage, type QueueWork } from '../../local/host/queue-message.ts';
import { testStorage } from '../support/azurite.ts';
import { eventually } from '../support/eventually.ts';

const settings = {
  maxPollingInterval: 100,
  visibilityTimeout: 0,
  batchSize: 1,
  newBatchThreshold: 0,
  maxDequeueCount: 3,
  messageEncoding: 'base64' as const,
};
let queues = 0;

async function receivedMessage(options: { hiddenMs: number; poison?: boolean; times?: number }) {
  const { connectionString, prefix } = await testStorage();
  const service = QueueServiceClient.fromConnectionString(connectionString);
  const queue = service.getQueueClient(`${prefix}-message-${++queues}`);
  await queue.create();
  await queue.sendMessage(Buffer.from('text').toString('base64'));
  const visibilityTimeout = Math.ceil(options.hiddenMs / 1000);
  let message = (await queue.receiveMessages({ visibilityTimeout })).receivedMessageItems[0]!;
  for (let time = 1; time < (options.times ?? 1); time += 1) {
    await queue.updateMessage(message.messageId, message.popReceipt, undefined, 0);
    message = (await queue.receiveMessages({ visibilityTimeout })).receivedMessageItems[0]!;
  }
  const poison = options.poison === false ? undefined : service.getQueueClient(`${queue.name}-poison`);
  const log = createLog({ default: 'none' });
  const work = { queue, poison, settings, hiddenMs: options.hiddenMs, log };
  const handle = (run: QueueWork['run']) => handleMessage({ ...work, run }, message);
  return { queue, poison, message, handle };
}

test('a message that is worked on for longer than it was hidden is renewed, and deleted at the end', async () => {
  const { queue, handle } = await receivedMessage({ hiddenMs: 1_000 });
  const receivedAt = performance.now();
  let seen = 0;
  await handle(async () => {
    // Nobody else can receive it well after its first second.
    await eventually('two and a half seconds to pass', async () => {
      seen += (await queue.receiveMessages()).receivedMessageItems.length;
      return performance.now() - receivedAt > 2_500;
    });
  });
  assert.equal(seen, 0);
  assert.equal((await queue.getProperties()).approximateMessagesCount, 0);
});

test('a message that its dead hosts have used up is poisoned without one more try', async () => {
  const { poison, message, handle } = await receivedMessage({ hiddenMs: 60_000, times: 4 });
  assert.equal(message.dequeueCount, 4);
  let runs = 0;
  await handle(async () => {
    runs += 1;
  });
  assert.equal(runs, 0);
  const poisoned = (await poison!.receiveMessages()).receivedMessageItems;
  assert.equal(Buffer.from(poisoned[0]?.messageText ?? '', 'base64').toString(), 'text');
});

test('a message of a poison queue stays hidden after a failure, for it has nowhere to go', async () => {
  const { queue, handle } = await receivedMessage({ hiddenMs: 60_000, poison: false });
  await handle(() => Promise.reject(new Error('on purpose')));
  assert.deepEqual((await queue.receiveMessages()).receivedMessageItems, []);
  assert.equal((await queue.getProperties()).approximateMessagesCount, 1);
});

test('a function that deletes its own message is no trouble', async () => {
  const { queue, message, handle } = await receivedMessage({ hiddenMs: 60_000 });
  await handle(async () => {
    await queue.deleteMessage(message.messageId, message.popReceipt);
  });
  assert.equal((await queue.getProperties()).approximateMessagesCount, 0);
});

import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';

import { startAzurite } from '../../local/azurite.ts';

test('blobs, queues and tables answer the current SDKs, and outlive a restart on the same folder', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'hourglass-azurite-'));
  const first = await startAzurite({ dataDir });
  const storage = clients(first.connectionString);
  await storage.blobs.create();
  await storage.blobs.getBlockBlobClient('blob').upload('content', 7);
  await storage.queue.create();
  await storage.queue.sendMessage('message');
  await storage.table.createTable();
  await storage.table.createEntity({ partitionKey: 'p', rowKey: 'r', value: 1 });
  await first.stop();
  assert.equal(await first.exited, 0);

  const second = await startAzurite({ dataDir });
  const again = clients(second.connectionString);
  const blob = await again.blobs.getBlockBlobClient('blob').download();
  assert.equal(await text(blob.readableStreamBody!), 'content');
  const { peekedMessageItems } = await again.queue.peekMessages();
  assert.deepEqual(
    peekedMessageItems.map(({ messageText }) => messageText),
    ['message'],
  );
  assert.equal((await again.table.getEntity('p', 'r')).value, 1);
  await second.stop();
});

test('two of them at a time do not meet', async () => {
  const [one, other] = await Promise.all([startAzurite(), startAzurite()]);
  assert.notEqual(one.tableUrl, other.tableUrl);
  await clients(one.connectionString).queue.create();
  assert.equal(await clients(other.connectionString).queue.exists(), false);
  await Promise.all([one.stop(), other.stop()]);
});

test('what keeps it from starting is told', async () => {
  const running = await startAzurite();
  const port = Number(new URL(running.blobUrl).port);
  await assert.rejects(startAzurite({ ports: { blob: port, queue: 0, table: 0 } }), /EADDRINUSE/);
  await running.stop();
});

function clients(connectionString: string) {
  return {
    blobs: BlobServiceClient.fromConnectionString(connectionString).getContainerClient('container'),
    queue: QueueServiceClient.fromConnectionString(connectionString).getQueueClient('queue'),
    table: TableClient.fromConnectionString(connectionString, 'table1', { allowInsecureConnection: true }),
  };
}

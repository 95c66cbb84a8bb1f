import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';

import { eventually } from '../support/eventually.ts';
import { startStack } from '../support/stack.ts';

test('a run that no worker can handle is given up by the host’s poison queue, and its thread is free', async () => {
  await using stack = await startStack({
    AUDIT: 'off',
    // Between two tries of a message; five seconds in host.json.
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:00.100',
  });
  const { threads, assistants } = stack.client().beta;
  const { id } = await threads.create({ messages: [{ role: 'user', content: 'long '.repeat(40_000) }] });
  const { id: assistant_id } = await assistants.create({ model: 'scripted' });
  const { AzureWebJobsStorage: connectionString, STORAGE_PREFIX: prefix } = stack.environment;
  const spills = BlobServiceClient.fromConnectionString(connectionString ?? '').getContainerClient(
    `${prefix}-spill`,
  );
  for await (const { name } of spills.listBlobsFlat({ prefix: `${id}/` }))
    await spills.getBlockBlobClient(name).uploadData(Buffer.from('not what was stored'));

  const run = await threads.runs.createAndPoll(id, { assistant_id }, { pollIntervalMs: 100 });
  assert.equal(run.status, 'failed');
  assert.deepEqual(run.last_error, {
    code: 'server_error',
    message: 'The run could not be processed and was given up.',
  });
  const logs = await eventually('the end of the run in the log', () => {
    const text = stack.host.logs();
    return text.includes('a run ended') && text;
  });
  assert.match(logs, /runs: try 5 of 5 failed/);
  // The host's own lines do not say which run it was.
  const lines = logs.split('\n').filter((line) => line.includes(run.id));
  const told = lines.map((line) => (JSON.parse(line) as { message: string }).message);
  assert.equal(told.filter((message) => message === 'a message could not be handled').length, 5, `${lines}`);
  assert.deepEqual(told.slice(5), ['a run was given up', 'a run ended']);
  // Unlocked: a new message is taken.
  await threads.messages.create(id, { role: 'user', content: 'Next' });
});

test('what a deleted thread leaves behind is not given up with its message: it is tried again later', async () => {
  await using stack = await startStack();
  const { AzureWebJobsStorage: connectionString, STORAGE_PREFIX: prefix } = stack.environment;
  const queues = QueueServiceClient.fromConnectionString(connectionString ?? '');
  const [chores, poison] = ['chores', 'chores-poison'].map((name) =>
    queues.getQueueClient(`${prefix}-${name}`),
  );
  const encoded = (message: object) => Buffer.from(JSON.stringify(message)).toString('base64');
  await poison?.sendMessage(encoded({ by: 'hand' }));
  await poison?.sendMessage(encoded({ type: 'remove-thread', threadId: 'thread_left' }));
  const line = await eventually('the chore that is put off', () =>
    stack.host
      .logs()
      .split('\n')
      .find((each) => each.includes('a chore is put off')),
  );
  assert.deepEqual(JSON.parse(line), {
    level: 'warn',
    message: 'a chore is put off',
    type: 'remove-thread',
    thread: 'thread_left',
  });
  await eventually('an empty poison queue', async () => {
    const properties = await poison?.getProperties();
    return properties?.approximateMessagesCount === 0;
  });
  // There, and not to be seen yet.
  assert.equal((await chores?.getProperties())?.approximateMessagesCount, 1);
  assert.deepEqual((await chores?.receiveMessages())?.receivedMessageItems, []);
});

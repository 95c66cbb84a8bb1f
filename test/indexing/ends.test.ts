import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { BlobServiceClient } from '@azure/storage-blob';

import { DAY } from '../../shared/clock.ts';
import { handleIndexMessage } from '../../shared/indexing/handle-index-message.ts';
import type { IndexMessage } from '../../shared/queue/index-queue.ts';
import { testStorage } from '../support/azurite.ts';
import { searchScene } from './scene.ts';

/** How stores and what is in them come to their end. Time passes as the test says. */
let later = 0;
const clock = { now: () => Date.now() + later };
const scene = await searchScene({ RUN_LEASE_SECONDS: '1' }, { clock });
const { client, upload, uploads, pump, api } = scene;
const { vectorStores } = client;
const { services } = api.engine;
after(() => scene[Symbol.asyncDispose]());

const handle = (message: IndexMessage) => handleIndexMessage(services, message);
const project = 'team-a';

/** Names of all blobs of file search that speak of an id. */
async function blobsOf(id: string): Promise<string[]> {
  const { connectionString } = await testStorage();
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(
    `${services.config.STORAGE_PREFIX}-search`,
  );
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat()) if (name.includes(id)) names.push(name);
  return names;
}

test('a store expires when it was not used for its days: nobody can search it, its text goes, its files stay listed', async () => {
  const [fileId = ''] = await uploads(1);
  const { id } = await vectorStores.create({
    file_ids: [fileId],
    expires_after: { anchor: 'last_active_at', days: 2 },
  });
  await pump();
  later += 1.5 * DAY;
  await vectorStores.search(id, { query: 'file' });
  later += DAY;
  // It was used in between.
  const used = await vectorStores.retrieve(id);
  assert.equal(used.status, 'completed');
  assert.ok((used.last_active_at ?? 0) > used.created_at + 86_400);
  assert.ok((await blobsOf(id)).length > 0);
  later += 1.1 * DAY;
  const expired = await vectorStores.retrieve(id);
  assert.deepEqual([expired.status, expired.usage_bytes], ['expired', 0]);
  const refusal = { status: 400, code: 'expired', message: `400 Vector store ${id} is expired.` };
  await assert.rejects(vectorStores.search(id, { query: 'file' }), refusal);
  await assert.rejects(vectorStores.files.create(id, { file_id: fileId }), refusal);
  await assert.rejects(vectorStores.fileBatches.create(id, { file_ids: [fileId] }), refusal);
  await assert.rejects(vectorStores.files.content(fileId, { vector_store_id: id }), refusal);
  await assert.rejects(
    vectorStores.update(id, { expires_after: { anchor: 'last_active_at', days: 9 } }),
    refusal,
  );
  await pump();
  assert.deepEqual(await blobsOf(id), []);
  assert.deepEqual(await blobsOf(fileId), []);
  const { data } = await vectorStores.files.list(id);
  assert.deepEqual(
    data.map((file) => file.id),
    [fileId],
  );
  // Another one can be made of them.
  const again = await vectorStores.create({ file_ids: data.map((file) => file.id) });
  await pump();
  assert.equal((await vectorStores.search(again.id, { query: 'file' })).data.length, 1);
});

test('a store expires though nobody asks for it again, and files that are on their way end with it', async () => {
  const { id } = await vectorStores.create({ expires_after: { anchor: 'last_active_at', days: 1 } });
  await vectorStores.files.create(id, { file_id: await upload('Never indexed.') });
  await handle({ type: 'expire-store', project, storeId: id });
  assert.equal((await vectorStores.retrieve(id)).status, 'in_progress');
  later += 2 * DAY;
  await handle({ type: 'expire-store', project, storeId: id });
  const { data } = await vectorStores.files.list(id);
  assert.deepEqual(
    data.map(({ status }) => status),
    ['cancelled'],
  );
  await pump();
  assert.deepEqual((await vectorStores.retrieve(id)).file_counts.cancelled, 1);
});

test('nothing is left of a deleted store, and of a text only what another store needs', async () => {
  const [shared = '', alone = ''] = await uploads(2);
  const first = await vectorStores.create({ file_ids: [shared, alone] });
  const second = await vectorStores.create({ file_ids: [shared] });
  await pump();
  await vectorStores.delete(first.id);
  await pump();
  assert.deepEqual(await blobsOf(first.id), []);
  assert.deepEqual(await blobsOf(alone), []);
  assert.ok((await blobsOf(shared)).length > 0);
  assert.equal((await vectorStores.search(second.id, { query: 'file' })).data.length, 1);
});

test('the text of a file goes once no store holds it any more', async () => {
  const { id } = await vectorStores.create({});
  const fileId = await upload('A text that goes.');
  await vectorStores.files.create(id, { file_id: fileId });
  await pump();
  assert.equal((await blobsOf(fileId)).length, 1);
  await vectorStores.files.delete(fileId, { vector_store_id: id });
  await handle({ type: 'remove-file', project, storeId: id, fileId, attempt: 1 });
  assert.deepEqual(await blobsOf(fileId), []);
  // A late message about what was there before does no harm to what came after.
  await vectorStores.files.create(id, { file_id: fileId });
  await pump();
  await handle({ type: 'remove-file', project, storeId: id, fileId, attempt: 1 });
  assert.equal((await vectorStores.search(id, { query: 'text' })).data.length, 1);
});

test('a file that two stores hold has its text taken out once', async () => {
  const fileId = await upload('Taken out once.');
  const { extractor } = services.search;
  const { extract } = extractor;
  let times = 0;
  extractor.extract = (...given) => {
    times += 1;
    return extract.apply(extractor, given);
  };
  for (let store = 0; store < 2; store++) {
    await vectorStores.create({ file_ids: [fileId] });
    await pump();
  }
  extractor.extract = extract;
  assert.equal(times, 1);
});

test('a thread’s own store goes with its thread, is made anew when it has expired, and one that was given stays', async () => {
  const { threads } = client.beta;
  const message = (file_id: string) => ({
    role: 'user' as const,
    content: 'x',
    attachments: [{ file_id, tools: [{ type: 'file_search' as const }] }],
  });
  const storeOf = async (id: string) =>
    (await threads.retrieve(id)).tool_resources?.file_search?.vector_store_ids?.[0] ?? '';
  const [first = '', second = ''] = await uploads(2);
  const { id } = await threads.create();
  // Two at once make one store.
  await Promise.all([first, second].map((file) => threads.messages.create(id, message(file))));
  const own = await storeOf(id);
  assert.equal((await vectorStores.retrieve(own)).file_counts.total, 2);
  later += 8 * DAY;
  assert.equal((await vectorStores.retrieve(own)).status, 'expired');
  await threads.messages.create(id, message(first));
  const next = await storeOf(id);
  assert.notEqual(next, own);
  assert.equal((await vectorStores.retrieve(next)).file_counts.total, 1);
  await threads.delete(id);
  await assert.rejects(vectorStores.retrieve(next), { status: 404 });

  const given = await vectorStores.create({});
  const other = await threads.create({
    messages: [message(first)],
    tool_resources: { file_search: { vector_store_ids: [given.id] } },
  });
  assert.equal(await storeOf(other.id), given.id);
  await threads.delete(other.id);
  assert.equal((await vectorStores.retrieve(given.id)).file_counts.total, 1);
  await pump();
});

test('a message that the thread does not take brings nothing into its store', async () => {
  const { threads, assistants } = client.beta;
  const file_id = await upload('Not now.');
  const attachments = [{ file_id, tools: [{ type: 'file_search' as const }] }];
  const { id: assistant_id } = await assistants.create({
    model: 'scripted',
    tools: [{ type: 'function', function: { name: 'f' } }],
  });
  const { id } = await threads.create({ messages: [{ role: 'user', content: 'x' }] });
  const run = await threads.runs.create(id, { assistant_id });
  await assert.rejects(threads.messages.create(id, { role: 'user', content: 'x', attachments }), {
    status: 400,
  });
  assert.equal((await threads.retrieve(id)).tool_resources?.file_search, undefined);
  await threads.runs.cancel(run.id, { thread_id: id });
  await pump();
  const next = await threads.runs.create(id, {
    assistant_id,
    additional_messages: [{ role: 'user', content: 'x', attachments }],
  });
  const [own = ''] = (await threads.retrieve(id)).tool_resources?.file_search?.vector_store_ids ?? [];
  assert.equal((await vectorStores.retrieve(own)).file_counts.total, 1);
  await threads.runs.cancel(next.id, { thread_id: id });
  await pump();
});

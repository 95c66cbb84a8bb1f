import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { searchScene } from './scene.ts';

const scene = await searchScene();
const { client, upload, uploads, pump } = scene;
const { vectorStores } = client;
after(() => scene[Symbol.asyncDispose]());

const nothing = { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 };

test('a file that is added is indexed, found, and read back as text', async () => {
  const store = await vectorStores.create({ name: 'Handbook' });
  assert.deepEqual([store.status, store.file_counts, store.usage_bytes], ['completed', nothing, 0]);
  const fileId = await upload('The moon is made of green cheese.', 'moon.md');
  const added = await vectorStores.files.create(store.id, { file_id: fileId, attributes: { topic: 'moon' } });
  assert.deepEqual([added.id, added.status, added.usage_bytes], [fileId, 'in_progress', 0]);
  const during = await vectorStores.retrieve(store.id);
  assert.deepEqual([during.status, during.file_counts.in_progress], ['in_progress', 1]);
  await pump();
  const done = await vectorStores.files.retrieve(fileId, { vector_store_id: store.id });
  assert.deepEqual([done.status, done.last_error, done.usage_bytes > 0], ['completed', null, true]);
  const now = await vectorStores.retrieve(store.id);
  assert.deepEqual(now.file_counts, { ...nothing, completed: 1, total: 1 });
  assert.equal(now.usage_bytes, done.usage_bytes);
  const { data } = await vectorStores.search(store.id, { query: 'cheese' });
  assert.equal(data[0]?.file_id, fileId);
  assert.match(data[0]?.content[0]?.text ?? '', /green cheese/);
  assert.deepEqual(data[0]?.attributes, { topic: 'moon' });
  const content = await vectorStores.files.content(fileId, { vector_store_id: store.id });
  assert.equal(content.data.map(({ text }) => text).join(''), 'The moon is made of green cheese.');
});

test('lists go both ways, by status, and over files that are deleted while paging', async () => {
  const store = await vectorStores.create({});
  const ids = await uploads(5);
  for (const file_id of ids) await vectorStores.files.create(store.id, { file_id });
  await pump();
  const pages = async (order: 'asc' | 'desc', filter?: 'completed' | 'failed') => {
    const found: string[] = [];
    const query = { limit: 2, order, ...(filter ? { filter } : {}) };
    for await (const { id } of vectorStores.files.list(store.id, query)) found.push(id);
    return found;
  };
  assert.deepEqual(await pages('asc'), ids);
  assert.deepEqual(await pages('desc'), ids.toReversed());
  assert.deepEqual(await pages('asc', 'completed'), ids);
  assert.deepEqual(await pages('asc', 'failed'), []);
  const before = await vectorStores.files.list(store.id, { before: ids[3] ?? '', limit: 2, order: 'asc' });
  assert.deepEqual([before.data.map(({ id }) => id), before.has_more], [[ids[1], ids[2]], true]);
  const gone: string[] = [];
  for await (const { id } of vectorStores.files.list(store.id, { limit: 2, order: 'asc' })) {
    await vectorStores.files.delete(id, { vector_store_id: store.id });
    gone.push(id);
  }
  assert.deepEqual(gone, ids);
  assert.deepEqual((await vectorStores.retrieve(store.id)).file_counts, nothing);
});

test('a batch counts all of its files from the beginning, and its polling returns its own id', async () => {
  const store = await vectorStores.create({});
  const ids = await uploads(25);
  const batch = await vectorStores.fileBatches.create(store.id, { file_ids: ids });
  assert.deepEqual(
    [batch.status, batch.file_counts.in_progress, batch.file_counts.total],
    ['in_progress', 25, 25],
  );
  assert.equal((await vectorStores.retrieve(store.id)).file_counts.in_progress, 25);
  await pump();
  const polled = await vectorStores.fileBatches.poll(store.id, batch.id);
  assert.deepEqual([polled.id, polled.status], [batch.id, 'completed']);
  assert.deepEqual(polled.file_counts, { ...nothing, completed: 25, total: 25 });
  assert.deepEqual((await vectorStores.retrieve(store.id)).file_counts, polled.file_counts);
  const listed: string[] = [];
  const query = { vector_store_id: store.id, limit: 10 };
  for await (const { id } of vectorStores.fileBatches.listFiles(batch.id, query)) listed.push(id);
  assert.deepEqual(listed.toSorted(), ids.toSorted());
});

test('what is left of a cancelled batch is cancelled, also what was not in the store yet', async () => {
  const store = await vectorStores.create({});
  const batch = await vectorStores.fileBatches.create(store.id, { file_ids: await uploads(23) });
  const cancelled = await vectorStores.fileBatches.cancel(batch.id, { vector_store_id: store.id });
  assert.equal(cancelled.status, 'cancelled');
  assert.deepEqual(cancelled.file_counts, { ...nothing, cancelled: 23, total: 23 });
  await pump();
  const { data } = await vectorStores.files.list(store.id, { filter: 'cancelled', limit: 100 });
  assert.equal(data.length, 23);
  assert.deepEqual((await vectorStores.search(store.id, { query: 'file number' })).data, []);
});

test('files that are in a store already are not indexed again, and counted once', async () => {
  const store = await vectorStores.create({ file_ids: await uploads(3) });
  await pump();
  const { data } = await vectorStores.files.list(store.id);
  const ids = data.map(({ id }) => id);
  const files = ids.map((file_id) => ({ file_id, attributes: { again: true } }));
  const batch = await vectorStores.fileBatches.create(store.id, { files });
  assert.equal(batch.status, 'completed');
  assert.deepEqual(batch.file_counts, { ...nothing, completed: 3, total: 3 });
  assert.deepEqual((await vectorStores.retrieve(store.id)).file_counts, batch.file_counts);
  const found = await vectorStores.search(store.id, {
    query: 'number 1',
    filters: { type: 'eq', key: 'again', value: true },
  });
  assert.deepEqual(
    found.data.map(({ attributes }) => attributes),
    ids.map(() => ({ again: true })),
  );
});

test('deleting a file object takes it out of every store', async () => {
  const fileId = await upload('A secret that must go.');
  const stores = await Promise.all([1, 2].map(() => vectorStores.create({ file_ids: [fileId] })));
  await pump();
  await client.files.delete(fileId);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  await pump();
  for (const { id } of stores) {
    assert.deepEqual((await vectorStores.retrieve(id)).file_counts, nothing);
    assert.deepEqual((await vectorStores.search(id, { query: 'secret' })).data, []);
    await assert.rejects(vectorStores.files.retrieve(fileId, { vector_store_id: id }), { status: 404 });
  }
});

test('a deleted store is unknown at once', async () => {
  const store = await vectorStores.create({ file_ids: await uploads(1) });
  assert.deepEqual(await vectorStores.delete(store.id), {
    id: store.id,
    object: 'vector_store.deleted',
    deleted: true,
  });
  await pump();
  for (const ask of [
    () => vectorStores.retrieve(store.id),
    () => vectorStores.files.list(store.id),
    () => vectorStores.search(store.id, { query: 'x' }),
  ]) {
    await assert.rejects(ask(), { status: 404, message: `404 No vector store found with id '${store.id}'.` });
  }
  const listed: string[] = [];
  for await (const { id } of vectorStores.list()) listed.push(id);
  assert.equal(listed.includes(store.id), false);
});

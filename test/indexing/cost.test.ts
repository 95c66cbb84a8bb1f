import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { storageTraffic, type Transaction } from '../support/storage-traffic.ts';
import { searchScene } from './scene.ts';

const scene = await searchScene();
const { client, upload, uploads, pump } = scene;
const { vectorStores } = client;
after(() => scene[Symbol.asyncDispose]());

/** What the host asks the queue for; a message that is taken and deleted counts, the asking for more does not. */
const isPolling = ({ service, method, path }: Transaction) =>
  service === 'queue' && method === 'GET' && path.includes('numofmessages');
const paid = (transactions: readonly Transaction[]) => transactions.filter((each) => !isPolling(each));
const shown = (transactions: readonly Transaction[]) =>
  transactions.map(({ service, method, path }) => `${service} ${method} ${path.split('?')[0]}`).join('\n');

test('a small file costs at most 14 storage transactions from its addition to its end', async () => {
  const { id: storeId } = await vectorStores.create({});
  // The first file of a store also chooses its embedder.
  await vectorStores.files.create(storeId, { file_id: await upload('The first one.') });
  await pump();
  const file_id = await upload('A small file about porcupines.');
  const { transactions } = await storageTraffic(async () => {
    await vectorStores.files.create(storeId, { file_id });
    await pump();
  });
  const { status } = await vectorStores.files.retrieve(file_id, { vector_store_id: storeId });
  assert.equal(status, 'completed');
  assert.ok(paid(transactions).length <= 14, `${paid(transactions).length}:\n${shown(paid(transactions))}`);
});

test('so does each of a batch', async () => {
  const { id: storeId } = await vectorStores.create({});
  const file_ids = await uploads(40);
  const { transactions } = await storageTraffic(async () => {
    await vectorStores.fileBatches.create(storeId, { file_ids });
    await pump();
  });
  assert.equal((await vectorStores.retrieve(storeId)).file_counts.completed, 40);
  const each = paid(transactions).length / file_ids.length;
  assert.ok(each <= 14, `${each} for each file:\n${shown(paid(transactions))}`);
});

test('a warm search costs at most 30 storage transactions', async () => {
  const { id: storeId } = await vectorStores.create({ file_ids: await uploads(30) });
  await pump();
  const search = () =>
    vectorStores.search(storeId, { query: 'Which file is number 7?', max_num_results: 20 });
  await search();
  const { result, transactions } = await storageTraffic(search);
  assert.equal(result.data.length, 20);
  assert.ok(transactions.length <= 30, `${transactions.length}:\n${shown(transactions)}`);
});

test('a page of a store’s files costs the same wherever it lies, in either order and by status', async () => {
  const withFiles = async (number: number) => {
    const { id } = await vectorStores.create({});
    const batch = await vectorStores.fileBatches.create(id, { file_ids: await uploads(number) });
    await vectorStores.fileBatches.cancel(batch.id, { vector_store_id: id });
    return id;
  };
  const [small, large] = [await withFiles(4), await withFiles(60)];
  const costOf = async (storeId: string, query: object) =>
    (await storageTraffic(() => vectorStores.files.list(storeId, { limit: 3, ...query }))).transactions
      .length;
  for (const query of [
    { order: 'asc' },
    { order: 'desc' },
    { filter: 'in_progress' },
    { filter: 'failed' },
  ]) {
    assert.equal(await costOf(large, query), await costOf(small, query), JSON.stringify(query));
  }
});

test('a long batch costs no more than a short one to begin: its files get their rows later', async () => {
  const { id: storeId } = await vectorStores.create({});
  const file_ids = await uploads(60);
  const { result, transactions } = await storageTraffic(() =>
    vectorStores.fileBatches.create(storeId, { file_ids }),
  );
  assert.equal(result.file_counts.in_progress, 60);
  assert.ok(transactions.length <= 12, `${transactions.length}:\n${shown(transactions)}`);
});

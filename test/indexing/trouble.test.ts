import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { eventually } from '../support/eventually.ts';
import { searchScene } from './scene.ts';

/** What went wrong for users of other implementations; each case names where. */
const scene = await searchScene();
const { client, upload, uploads, pump } = scene;
const { vectorStores } = client;
after(() => scene[Symbol.asyncDispose]());

const added = async (text: string, name: string) => {
  const { id: storeId } = await vectorStores.create({});
  const fileId = await upload(text, name);
  await vectorStores.files.create(storeId, { file_id: fileId });
  await pump();
  return { storeId, file: await vectorStores.files.retrieve(fileId, { vector_store_id: storeId }) };
};

test('a file that cannot be read fails with a reason for people, and is counted as failed (ogx#5565, glific#5752)', async () => {
  const cases = [
    ['photo.png', 'unsupported_file'],
    ['table.xlsx', 'unsupported_file'],
    ['broken.pdf', 'invalid_file'],
    ['empty.txt', 'invalid_file'],
  ] as const;
  const ids = await Promise.all(
    cases.map(([name]) => upload(name === 'empty.txt' ? '' : 'not what its name says', name)),
  );
  const store = await vectorStores.create({ file_ids: ids });
  await pump();
  for (const [index, [name, code]] of cases.entries()) {
    const file = await vectorStores.files.retrieve(ids[index] ?? '', { vector_store_id: store.id });
    assert.deepEqual([file.status, file.last_error?.code], ['failed', code], name);
    assert.match(file.last_error?.message ?? '', /^[A-Z].{15,}\.$/, name);
  }
  const { status, file_counts: of } = await vectorStores.retrieve(store.id);
  assert.deepEqual([status, of.failed, of.completed, of.total], ['completed', 4, 0, 4]);
});

test('helpers that poll end when a file fails (simple-openai#349)', async () => {
  const { id: storeId } = await vectorStores.create({});
  const file_id = await upload('x', 'x.bin');
  const polled = vectorStores.files.createAndPoll(storeId, { file_id }, { pollIntervalMs: 10 });
  await eventually('the end of the file', async () => {
    await pump();
    return (await vectorStores.retrieve(storeId)).file_counts.failed === 1;
  });
  assert.equal((await polled).status, 'failed');
});

test('one odd character does not make a text unreadable (openai-python#2439), nor does the case of a name (kaapi#1192)', async () => {
  for (const [text, name] of [
    ['A plain text with one odd character: \u{1f984}\u0000\ufffd.', 'notes.txt'],
    ['# A heading', 'README.MD'],
    ['<p>Some text</p>', 'Page.HTML'],
  ] as const) {
    const { file } = await added(text, name);
    assert.deepEqual([file.status, file.last_error], ['completed', null], name);
  }
});

test('a file is found no more once it is taken out, though something fails in between (stdapi.ai#177)', async () => {
  const { storeId, file } = await added('The word is rhododendron.', 'word.txt');
  const { index } = scene.api.engine.services.search;
  const { remove } = index;
  index.remove = () => Promise.reject(new Error('storage is away'));
  await assert.rejects(vectorStores.files.delete(file.id, { vector_store_id: storeId }), { status: 500 });
  index.remove = remove;
  // It is still there, whole: in the list, and found.
  assert.equal((await vectorStores.retrieve(storeId)).file_counts.completed, 1);
  assert.equal((await vectorStores.search(storeId, { query: 'rhododendron' })).data.length, 1);
  await vectorStores.files.delete(file.id, { vector_store_id: storeId });
  assert.equal((await vectorStores.search(storeId, { query: 'rhododendron' })).data.length, 0);
  assert.equal((await vectorStores.retrieve(storeId)).file_counts.total, 0);
});

test('100 fresh files are all known when they are added (azure-sdk-for-net#47121)', async () => {
  const ids = await uploads(100, (index) => `Fresh file ${index}`);
  const batch = await vectorStores.fileBatches.create((await vectorStores.create({})).id, { file_ids: ids });
  assert.equal(batch.file_counts.total, 100);
  await vectorStores.fileBatches.cancel(batch.id, { vector_store_id: batch.vector_store_id });
  await pump();
});

test('what is there can be searched while more is indexed (leapfrogai#789)', async () => {
  const { storeId } = await added('The answer is forty-two.', 'answer.txt');
  await vectorStores.files.create(storeId, { file_id: await upload('More to come.', 'more.txt') });
  assert.equal((await vectorStores.retrieve(storeId)).status, 'in_progress');
  const { data } = await vectorStores.search(storeId, { query: 'answer' });
  assert.match(data[0]?.content[0]?.text ?? '', /forty-two/);
  await pump();
});

test('a file object that is deleted while its file waits leaves the store', async () => {
  const { id: storeId } = await vectorStores.create({});
  const file_id = await upload('Soon gone.');
  await vectorStores.files.create(storeId, { file_id });
  await client.files.delete(file_id);
  await pump();
  assert.equal((await vectorStores.retrieve(storeId)).file_counts.total, 0);
});

test('a file that failed can be added again, and what it was before does not come back', async () => {
  const { storeId, file } = await added('x', 'x.bin');
  assert.equal(file.status, 'failed');
  const again = await vectorStores.files.create(storeId, { file_id: file.id });
  assert.deepEqual([again.status, again.last_error], ['in_progress', null]);
  assert.deepEqual((await vectorStores.retrieve(storeId)).file_counts.in_progress, 1);
  await pump();
  assert.deepEqual((await vectorStores.retrieve(storeId)).file_counts.failed, 1);
});

test('another chunking indexes a file anew, and searches find it once', async () => {
  const { storeId, file } = await added('Every sentence is about the okapi.', 'okapi.txt');
  await vectorStores.files.create(storeId, {
    file_id: file.id,
    chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } },
  });
  // Until then what there was is found.
  assert.equal((await vectorStores.search(storeId, { query: 'okapi' })).data.length, 1);
  await pump();
  assert.equal((await vectorStores.search(storeId, { query: 'okapi' })).data.length, 1);
  assert.equal((await vectorStores.retrieve(storeId)).file_counts.total, 1);
});

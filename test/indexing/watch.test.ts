import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { MINUTE } from '../../shared/clock.ts';
import {
  handleIndexMessage,
  handlePoisonedIndexMessage,
} from '../../shared/indexing/handle-index-message.ts';
import type { IndexMessage } from '../../shared/queue/index-queue.ts';
import { EmbeddingError } from '../../shared/search/embed/embedder.ts';
import { searchScene } from './scene.ts';

/** No file is in progress for ever (openai-python#3097, stdapi.ai#179). Time passes as the test says. */
let later = 0;
const clock = { now: () => Date.now() + later };
const scene = await searchScene({}, { clock });
const { client, upload, pump, api } = scene;
const { vectorStores } = client;
const { services } = api.engine;
after(() => scene[Symbol.asyncDispose]());

async function waiting(text: string) {
  const { id: storeId } = await vectorStores.create({});
  const fileId = await upload(text);
  await vectorStores.files.create(storeId, { file_id: fileId });
  const message = (kind: 'start' | 'watch'): IndexMessage => ({
    type: 'index-file',
    storeId,
    fileId,
    kind,
    since: clock.now(),
  });
  const file = () => vectorStores.files.retrieve(fileId, { vector_store_id: storeId });
  return { storeId, fileId, message, file };
}

/** Takes whatever messages there are, as a process does that dies at once. */
async function loseMessages(): Promise<void> {
  const queue = services.account.queue('index');
  await queue.clearMessages();
}

/** While `work` goes on, embedding fails so. */
async function failing(error: EmbeddingError, work: () => Promise<void>): Promise<void> {
  const { embedders } = services.search;
  const { pinned } = embedders;
  embedders.pinned = (identity) => ({
    ...pinned.call(embedders, identity),
    embed: () => Promise.reject(error),
  });
  try {
    await work();
  } finally {
    embedders.pinned = pinned;
  }
}

test('a busy embedding server makes a file wait, longer than it asked for, and fails nobody', async () => {
  const { message, file } = await waiting('Patience.');
  await failing(new EmbeddingError('Busy.', { retryable: true, retryAfterMs: 20_000 }), pump);
  assert.equal((await file()).status, 'in_progress');
  // Not before its time, whoever asks.
  await handleIndexMessage(services, message('start'));
  assert.equal((await file()).status, 'in_progress');
  later += 21_000;
  await handleIndexMessage(services, message('start'));
  assert.equal((await file()).status, 'completed');
});

test('a server that refuses fails the file, in words for people', async () => {
  const { file, storeId } = await waiting('Refused.');
  await failing(new EmbeddingError('The embedding model is unknown.', { retryable: false }), pump);
  const { status, last_error: error } = await file();
  assert.deepEqual([status, error?.code], ['failed', 'server_error']);
  assert.match(error?.message ?? '', /embedding model/);
  assert.equal((await vectorStores.retrieve(storeId)).file_counts.failed, 1);
});

test('a file whose messages are lost is woken by whoever asks for it, or for its batch', async () => {
  const { file } = await waiting('Lost.');
  await loseMessages();
  later += MINUTE;
  assert.equal((await file()).status, 'in_progress');
  await pump();
  assert.equal((await file()).status, 'completed');

  const { id } = await vectorStores.create({});
  const batch = await vectorStores.fileBatches.create(id, { file_ids: [await upload('Lost, too.')] });
  await loseMessages();
  later += MINUTE;
  const ask = () => vectorStores.fileBatches.retrieve(batch.id, { vector_store_id: id });
  assert.equal((await ask()).status, 'in_progress');
  await pump();
  assert.equal((await ask()).status, 'completed');
});

test('a file that no worker can handle fails with its message; one that somebody works on is left to them', async () => {
  const { message, file } = await waiting('Poison.');
  await handlePoisonedIndexMessage(services, message('start'));
  assert.equal((await file()).status, 'in_progress');
  later += MINUTE;
  await handlePoisonedIndexMessage(services, message('start'));
  const { status, last_error: error } = await file();
  assert.deepEqual([status, error?.code], ['failed', 'server_error']);
  await pump();
  assert.equal((await file()).status, 'failed');
});

test('two workers that are given one file index it once', async () => {
  const { message, file, storeId } = await waiting('The word is doppelganger.');
  await Promise.all([1, 2, 3].map(() => handleIndexMessage(services, message('start'))));
  assert.equal((await file()).status, 'completed');
  const { data } = await vectorStores.search(storeId, { query: 'doppelganger' });
  assert.equal(data.length, 1);
  assert.equal((await vectorStores.retrieve(storeId)).file_counts.total, 1);
  await pump();
});

import assert from 'node:assert/strict';
import { before, describe, it, test } from 'node:test';

import { HOUR, MINUTE } from '../../shared/clock.ts';
import { WrongDimensions } from '../../shared/search/search-index.ts';
import { storageTraffic } from '../support/storage-traffic.ts';
import { type IndexScene, indexScene } from './index-scene.ts';

describe('an index in blobs', () => {
  let now = Date.now();
  let scene: IndexScene;
  before(async () => {
    scene = await indexScene({ now: () => now });
  });
  const ids = async (store: Parameters<IndexScene['find']>[0], text: string, options = {}) =>
    (await scene.find(store, text, options)).map(({ fileId }) => fileId);

  it('finds what was appended at once, also from another process', async () => {
    const store = scene.newStore();
    const other = scene.another();
    assert.deepEqual(await scene.find(store, 'anything'), []);
    await scene.add(store, 'file-a', ['The kettle whistles at noon.', 'Bees dance to show the way.']);
    await scene.add(store, 'file-b', ['Error ERR_4012-X means that the valve is shut.']);
    const [first] = await scene.find(store, 'what does ERR_4012-X mean', { index: other });
    assert.deepEqual(
      [first?.fileId, first?.fileName, first?.text],
      ['file-b', 'file-b.md', 'Error ERR_4012-X means that the valve is shut.'],
    );
    assert.ok(first && first.score > 0.2 && first.score <= 1);
    const [bees] = await scene.find(store, 'dancing bees');
    assert.equal(bees?.text, 'Bees dance to show the way.');
    await scene.add(store, 'file-c', ['Whales sing.']);
    assert.deepEqual(await ids(store, 'whales', { index: other, limit: 1 }), ['file-c']);
  });

  it('holds the greatest attempt of a file, once, in whatever order attempts and removals arrive', async () => {
    const store = scene.newStore();
    await scene.add(store, 'file-a', ['second apple'], { attempt: 2 });
    await scene.add(store, 'file-a', ['first apple'], { attempt: 1 });
    await scene.add(store, 'file-a', ['second apple'], { attempt: 2 });
    assert.deepEqual(
      (await scene.find(store, 'apple')).map(({ text }) => text),
      ['second apple'],
    );
    await scene.index.remove(store, 'file-a', 2);
    assert.deepEqual(await ids(store, 'apple'), []);
    await scene.add(store, 'file-a', ['late apple'], { attempt: 2 });
    assert.deepEqual(await ids(store, 'apple'), [], 'a worker that woke up late');
    await scene.index.compact(store);
    await scene.add(store, 'file-a', ['late apple'], { attempt: 1 });
    assert.deepEqual(await ids(store, 'apple'), [], 'even after compaction');
    await scene.add(store, 'file-a', ['third apple'], { attempt: 3 });
    assert.deepEqual(await ids(store, 'apple'), ['file-a']);
    await scene.index.remove(store, 'file-b', 7);
    await scene.add(store, 'file-b', ['late pear'], { attempt: 7 });
    assert.deepEqual(await ids(store, 'pear', { threshold: 0.3 }), [], 'removed before it was ever there');
  });

  it('narrows by attributes before it chooses the best, and by those that were changed later', async () => {
    const store = scene.newStore();
    for (let i = 0; i < 70; i++)
      await scene.add(store, `file-${i}`, ['red wine red wine'], { attributes: { year: i } });
    await scene.add(store, 'file-old', ['wine'], { attributes: { year: 1900, region: 'Baden' } });
    const old = { filter: { type: 'gte' as const, key: 'year', value: 1000 } };
    assert.deepEqual(await ids(store, 'red wine', old), ['file-old']);
    await scene.index.setAttributes(store, 'file-3', { attributes: { year: 2000 }, revision: 2 });
    await scene.index.setAttributes(store, 'file-3', { attributes: { year: 1 }, revision: 1 });
    assert.deepEqual((await ids(store, 'red wine', old)).sort(), ['file-3', 'file-old']);
    await scene.index.compact(store);
    const found = await scene.find(store, 'red wine', old);
    assert.deepEqual(
      found.map(({ fileId, attributes }) => [fileId, attributes?.year]),
      [
        ['file-3', 2000],
        ['file-old', 1900],
      ],
    );
    // Of a file that comes only after its change, and after a compaction in between.
    await scene.index.setAttributes(store, 'file-new', { attributes: { year: 3000 }, revision: 5 });
    await scene.index.compact(store);
    await scene.add(store, 'file-new', ['young red wine'], { attributes: { year: 0 } });
    assert.ok((await ids(store, 'red wine', old)).includes('file-new'));
  });

  it('gives the same after compaction, from fewer blobs, and keeps nothing of what was removed', async () => {
    const store = scene.newStore();
    for (let i = 0; i < 12; i++)
      await scene.add(store, `file-${i}`, [`common words and number${i}`, `more of the common ${i}`]);
    await scene.index.remove(store, 'file-3', 1);
    const [before, other] = [await scene.find(store, 'common number7', { limit: 50 }), scene.another()];
    await scene.find(store, 'common', { index: other });
    const again = await scene.index.compact(store);
    assert.ok(again.againInMs && again.againInMs < 30 * MINUTE);
    const strip = (hits: typeof before) => hits.map(({ text, score }) => [text, score.toFixed(2)]);
    const after = await scene.find(store, 'common number7', { limit: 50 });
    assert.equal(after.length, 22);
    assert.deepEqual(strip(after).slice(0, 1), strip(before).slice(0, 1));
    assert.deepEqual(new Set(after.map(({ text }) => text)), new Set(before.map(({ text }) => text)));
    assert.deepEqual(
      await scene.find(store, 'common number7', { limit: 50, index: other }),
      after,
      'another process',
    );
    assert.deepEqual(await scene.find(store, 'number3', { limit: 50, threshold: 0.6 }), []);
    now += again.againInMs;
    assert.deepEqual(await scene.index.compact(store), { againInMs: undefined });
    const blobs = await scene.blobs(store);
    assert.deepEqual(blobs.map((name) => name.split('-')[0]).sort(), ['log', 'manifest.json', 'segment']);
    for (const name of blobs) {
      const bytes = await scene.container
        .getBlobClient(`index/team-a/${store.id}/${name}`)
        .downloadToBuffer();
      if (name.startsWith('segment')) assert.ok(!bytes.includes('file-3'));
    }
    assert.deepEqual(await scene.find(store, 'common number7', { limit: 50, index: other }), after);
    // Half of it goes once more, the other half is written again.
    for (let i = 0; i < 6; i++) await scene.index.remove(store, `file-${i}`, 1);
    await scene.index.compact(store);
    assert.equal((await scene.find(store, 'common', { limit: 50 })).length, 12);
  });

  it('takes a long file as a segment of its own, and reads large segments in part', async () => {
    const store = scene.newStore();
    const small = scene.another({ cacheBytes: 3 * 1024 * 1024 });
    const words = (i: number) =>
      Array.from({ length: 40 }, (_, k) => `w${(i * 37 + k * k) % 5000}`).join(' ');
    const long = Array.from({ length: 9000 }, (_, i) => `passage ${i} needle${i} ${words(i)}`);
    const spread = (_: string, i: number) => Float32Array.from({ length: 256 }, (_, k) => Math.sin(i * k));
    await scene.add(store, 'file-long', long, { vectors: long.map(spread) });
    await scene.add(store, 'file-short', ['a short one: needle8888 too']);
    for (const index of [scene.index, small]) {
      const found = await scene.find(store, 'needle8888', { index, limit: 2 });
      assert.deepEqual(found.map(({ fileId }) => fileId).sort(), ['file-long', 'file-short']);
      assert.deepEqual(
        (await scene.find(store, 'needle4321', { index, limit: 1 })).map(({ text }) => text.slice(0, 23)),
        ['passage 4321 needle4321'],
      );
    }
    await scene.index.compact(store);
    assert.equal((await scene.find(store, 'needle4321', { index: small, limit: 1 }))[0]?.fileId, 'file-long');
  });

  it('is gone when it is dropped, sealed logs and all', async () => {
    const store = scene.newStore();
    await scene.add(store, 'file-a', ['apple']);
    await scene.index.compact(store);
    await scene.index.drop(store);
    assert.deepEqual(await scene.blobs(store), []);
    assert.deepEqual(await ids(store, 'apple'), []);
    await scene.index.drop(store);
    await scene.add(store, 'file-a', ['apple'], { attempt: 2 });
    assert.deepEqual(await ids(store, 'apple'), ['file-a']);
  });

  it('refuses vectors of another embedder', async () => {
    const store = scene.newStore();
    await scene.add(store, 'file-a', ['apple']);
    await assert.rejects(
      scene.index.search(store, { text: 'apple', vector: new Float32Array(8).fill(1), limit: 1 }),
      WrongDimensions,
    );
  });

  it('finds words without any vector, and nothing where there is nothing', async () => {
    const store = scene.newStore();
    await scene.add(store, 'file-a', ['apple pie', 'pear tart']);
    assert.equal((await scene.index.search(store, { text: 'tart', limit: 5 }))[0]?.text, 'pear tart');
    assert.deepEqual(await scene.index.search(store, { text: '', limit: 5 }), []);
    assert.deepEqual(await scene.index.search(store, { text: '🥧', limit: 5 }), []);
  });

  it('deletes what a compaction left that died, an hour later', async () => {
    const store = scene.newStore();
    await scene.add(store, 'file-a', ['apple']);
    await scene.container.getBlockBlobClient(`index/team-a/${store.id}/segment-lost`).upload('x', 1);
    await scene.index.compact(store);
    assert.ok((await scene.blobs(store)).includes('segment-lost'), 'perhaps it is about to be named');
    now += 2 * HOUR;
    await scene.index.compact(store);
    assert.ok(!(await scene.blobs(store)).includes('segment-lost'));
    assert.deepEqual(await ids(store, 'apple'), ['file-a']);
  });
});

test('a warm search costs at most 30 requests to storage, a small file 1, and neither grows with the store', async () => {
  const { index, add, find, newStore } = await indexScene();
  const store = newStore();
  for (let i = 0; i < 25; i++) await add(store, `file-${i}`, [`apple ${i} and more`, `pear ${i}`]);
  const appended = await storageTraffic(() =>
    index.append(store, {
      fileId: 'file-counted',
      attempt: 1,
      fileName: 'counted.md',
      attributes: null,
      textVersion: 1,
      text: Buffer.from('plum'),
      passages: [{ start: 0, end: 4 }],
      vectors: [new Float32Array(256).fill(1)],
    }),
  );
  assert.equal(appended.transactions.length, 1);
  await find(store, 'apple', { limit: 20 });
  const { transactions, result } = await storageTraffic(() => find(store, 'apple', { limit: 20 }));
  assert.equal(result.length, 20);
  // Twenty texts of as many files, the manifest, and the log.
  assert.ok(transactions.length <= 22, `${transactions.length}`);
  await index.compact(store);
  await find(store, 'apple', { limit: 20 });
  const merged = await storageTraffic(() => find(store, 'apple', { limit: 20 }));
  assert.ok(merged.transactions.length <= 22, `${merged.transactions.length}`);
});

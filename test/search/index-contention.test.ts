import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import type { BlobIndex } from '../../shared/search/index/blob-index.ts';
import type { CompactionPoint } from '../../shared/search/index/compaction.ts';
import type { StoreName } from '../../shared/search/search-index.ts';
import { type IndexScene, indexScene } from './index-scene.ts';

/** Reproducible chance. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('an index that many write at once', () => {
  let now = Date.now();
  let scene: IndexScene;
  before(async () => {
    scene = await indexScene({ now: () => now });
  });
  const all = async (store: StoreName, index: BlobIndex) =>
    (await scene.find(store, 'apple', { index, limit: 50 })).map(({ fileId, text, attributes }) =>
      JSON.stringify([fileId, text, attributes]),
    );

  it('holds what a simple model of it holds, after 20 writers on two hosts, and a search never finds a ghost', async () => {
    const store = scene.newStore();
    const hosts = [scene.another(), scene.another()];
    /** What every file is known to be, by the writes that have been answered, and whether one is under way. */
    const files = Array.from({ length: 10 }, (_, i) => ({
      id: `file-${i}`,
      added: 0,
      removed: 0,
      revision: 0,
      busy: 0,
    }));
    let attempts = 0;
    let revisions = 0;
    const held = (file: (typeof files)[number]) => file.added > file.removed;
    const writer = async (number: number) => {
      const random = chance(1000 + number);
      const index = hosts[number % hosts.length] as BlobIndex;
      for (let turn = 0; turn < 5; turn++) {
        const file = files[Math.floor(random() * files.length)] as (typeof files)[number];
        const dice = random();
        file.busy += 1;
        if (dice < 0.4) {
          const attempt = ++attempts;
          let revision = ++revisions;
          file.revision = Math.max(file.revision, revision);
          await scene.add(store, file.id, [`apple ${attempt}`], {
            attempt,
            index,
            attributes: { revision },
            revision,
          });
          // As indexing does: what changed meanwhile is said again.
          while (file.revision > revision) {
            revision = file.revision;
            await index.setAttributes(store, file.id, { attributes: { revision }, revision });
          }
          file.added = Math.max(file.added, attempt);
        } else if (dice < 0.6) {
          const attempt = file.added;
          await index.remove(store, file.id, attempt);
          file.removed = Math.max(file.removed, attempt);
        } else if (dice < 0.75) {
          const revision = ++revisions;
          file.revision = Math.max(file.revision, revision);
          await index.setAttributes(store, file.id, { attributes: { revision }, revision });
        } else if (dice < 0.85) {
          await index.compact(store);
        } else {
          const before = files.filter(({ busy }) => busy === 0 || busy === 1).map((each) => ({ ...each }));
          const found = (await scene.find(store, 'apple', { index, limit: 50 })).map(({ fileId }) => fileId);
          assert.equal(new Set(found).size, found.length, 'a file twice');
          for (const known of before) {
            const after = files.find(({ id }) => id === known.id);
            const isSteady = known.id !== file.id && known.busy === 0 && after?.busy === 0;
            if (!isSteady || after.added !== known.added || after.removed !== known.removed) continue;
            assert.equal(found.includes(known.id), held(known), `${known.id} while others wrote`);
          }
        }
        file.busy -= 1;
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, number) => writer(number)));
    const expected = files
      .filter(held)
      .map(({ id, added, revision }) => JSON.stringify([id, `apple ${added}`, { revision }]))
      .sort();
    for (const index of [...hosts, scene.another()])
      assert.deepEqual((await all(store, index)).sort(), expected);
    now += (await scene.index.compact(store)).againInMs ?? 0;
    await scene.index.compact(store);
    for (const index of [...hosts, scene.another()])
      assert.deepEqual((await all(store, index)).sort(), expected);
    const blobs = await scene.blobs(store);
    assert.ok(blobs.length <= 4, blobs.join(' '));
  });

  const points: CompactionPoint[] = [
    'compaction-sealed',
    'compaction-segment-written',
    'compaction-manifest-replaced',
  ];
  for (const point of points) {
    it(`goes on where a compaction died at ${point}: nothing lost, nothing twice, nothing removed comes back`, async () => {
      const store = scene.newStore();
      const dying = scene.another({
        crash: (at) => {
          if (at === point) throw new Error('killed');
        },
      });
      for (let i = 0; i < 6; i++) await scene.add(store, `file-${i}`, [`apple ${i}`]);
      await scene.index.remove(store, 'file-2', 1);
      await assert.rejects(dying.compact(store), /killed/);
      const expected = [0, 1, 3, 4, 5].map((i) => JSON.stringify([`file-${i}`, `apple ${i}`, null]));
      const other = scene.another();
      assert.deepEqual((await all(store, other)).sort(), expected, 'at once');
      // A writer that knows nothing of it, and one that knew the index before.
      await scene.add(store, 'file-6', ['apple 6'], { index: other });
      await scene.add(store, 'file-7', ['apple 7']);
      await scene.index.remove(store, 'file-7', 1);
      expected.push(JSON.stringify(['file-6', 'apple 6', null]));
      assert.deepEqual((await all(store, scene.index)).sort(), expected);
      await other.compact(store);
      for (const index of [scene.index, other, scene.another()])
        assert.deepEqual((await all(store, index)).sort(), expected, 'after the next one');
      now += 2 * 3_600_000;
      await other.compact(store);
      await other.compact(store);
      assert.deepEqual((await all(store, scene.another())).sort(), expected);
    });
  }

  it('is merged by one of those who do it at once', async () => {
    const store = scene.newStore();
    for (let i = 0; i < 5; i++) await scene.add(store, `file-${i}`, [`apple ${i}`]);
    await Promise.all([scene.index, scene.another(), scene.another()].map((index) => index.compact(store)));
    assert.equal((await all(store, scene.another())).length, 5);
  });

  it('takes late and repeated appends for what they are', async () => {
    const store = scene.newStore();
    await scene.add(store, 'file-a', ['apple one'], { attempt: 1 });
    await scene.index.compact(store);
    await scene.add(store, 'file-a', ['apple one'], { attempt: 1 });
    assert.equal(
      (await all(store, scene.index)).length,
      1,
      'an answer was lost, and the log was merged meanwhile',
    );
    await scene.index.compact(store);
    assert.equal((await all(store, scene.another())).length, 1);
  });
});

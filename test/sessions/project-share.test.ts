import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { HOUR, MINUTE } from '../../shared/clock.ts';
import { SessionError } from '../../shared/sessions/session.ts';
import { openStorageAccount } from '../../shared/store/connection.ts';
import { createSeats } from '../../shared/store/seats.ts';
import { DocumentTable } from '../../shared/store/table.ts';
import { sentenceFor } from '../../shared/tools/outcome-sentences.ts';
import { testStorage } from '../support/azurite.ts';
import { busy } from '../support/memory-groups.ts';
import { World } from '../support/session-world.ts';

const never = new AbortController().signal;

const overLimit = (error: unknown) => {
  assert.ok(error instanceof SessionError, String(error));
  assert.equal(error.code, 'over_limit');
  assert.match(sentenceFor(error), /not run: This project has 2 Python sessions, as many as it may have/);
  return true;
};

/** Two processes, two sessions for each project, of which `greedy` has both. */
async function crowded() {
  const world = new World();
  for (const n of [1, 2, 3, 4]) world.seats.projects.set(`thread_${n}`, 'greedy');
  const processes = [world.process({}, 2), world.process({}, 2)] as const;
  for (const n of [1, 2]) await processes[0].sessions.acquire(`thread_${n}`, never);
  return { world, processes };
}

describe('a project’s share of the sessions', () => {
  test('is its own: beyond it nothing is asked of Azure, and other projects get theirs', async () => {
    const { world, processes } = await crowded();
    await using _ = world;
    for (const { sessions } of processes)
      await assert.rejects(sessions.acquire('thread_3', never), overLimit);
    assert.equal(world.groups.created.length, 2);
    assert.equal((await processes[1].sessions.acquire('thread_of_another', never)).created, true);
  });

  test('leaves the sessions that are there in use', async () => {
    const { world, processes } = await crowded();
    await using _ = world;
    for (const { sessions } of processes) {
      assert.equal((await sessions.acquire('thread_1', never)).created, false);
    }
  });

  test('is told to the log once in ten minutes, by each process that meets it', async () => {
    const { world, processes } = await crowded();
    await using _ = world;
    const [{ sessions, problems }] = processes;
    for (const n of [3, 4, 3]) await assert.rejects(sessions.acquire(`thread_${n}`, never), overLimit);
    assert.deepEqual(problems, ['project greedy has all the Python sessions that it may have']);
    world.clock.time += 10 * MINUTE;
    await assert.rejects(sessions.acquire('thread_3', never), overLimit);
    assert.equal(problems.length, 2);
  });

  test('is free again when a thread is deleted, and when a session’s time is over', async () => {
    const { world, processes } = await crowded();
    await using _ = world;
    const [one, other] = processes;
    await one.sessions.remove('thread_1');
    assert.equal((await other.sessions.acquire('thread_3', never)).created, true);
    await assert.rejects(one.sessions.acquire('thread_4', never), overLimit);
    world.clock.time += HOUR;
    assert.equal((await one.sessions.acquire('thread_4', never)).created, true);
  });

  test('counts a thread once, though its session died and another one takes its place', async () => {
    const { world, processes } = await crowded();
    await using _ = world;
    await world.groups.vanish(world.store.rows.get('thread_1')?.record.group ?? '');
    const lease = await processes[1].sessions.acquire('thread_1', never);
    assert.deepEqual([lease.created, lease.replaced], [true, true]);
    assert.equal(world.seats.taken.get('greedy')?.size, 2);
  });

  test('is not used up by groups that come to nothing, nor by starts that Azure refuses', async () => {
    await using world = new World();
    const { sessions } = world.process({ startTimeoutMs: 300 }, 2);
    world.groups.onCreate = () => 'failed';
    await assert.rejects(sessions.acquire('thread_1', never));
    world.groups.onCreate = () => {
      throw busy();
    };
    await assert.rejects(sessions.acquire('thread_2', never));
    assert.equal(world.seats.taken.get('project')?.size, 0);
  });

  test('is never exceeded, however many reach for it in however many processes', async () => {
    await using world = new World();
    const processes = Array.from({ length: 5 }, () => world.process({}, 3));
    await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => processes[n % 5]?.sessions.acquire(`thread_${n}`, never)),
    );
    assert.ok(world.live.length <= 3, `${world.live.length} sessions`);
    assert.equal(world.seats.taken.get('project')?.size, world.live.length, 'who was refused gave it back');
    const { sessions } = processes[0] ?? world.process();
    for (let n = 20; world.live.length < 3; n++) await sessions.acquire(`thread_${n}`, never);
  });

  test('stands in storage, where what is over is not counted and is forgotten', async () => {
    const storage = await testStorage();
    const account = await openStorageAccount({
      AzureWebJobsStorage: storage.connectionString,
      STORAGE_PREFIX: `${storage.prefix}seats`,
    } as never);
    const table = account.table('threads');
    await table.createTable();
    const rows = new DocumentTable(table, account.container('spill'));
    const seats = createSeats(rows);
    const at = Date.parse('2026-11-21T12:00:00Z');
    for (const n of [1, 2, 3]) await seats.add('mine', { group: `hg-${n}`, deadline: at + n });
    await seats.add('theirs', { group: 'hg-9', deadline: at + 9 });
    assert.deepEqual(await seats.living('mine', at, 10), ['hg-1', 'hg-2', 'hg-3']);
    assert.equal((await seats.living('mine', at, 2)).length, 2);
    assert.deepEqual(await seats.living('mine', at + 1, 10), ['hg-2', 'hg-3']);
    assert.equal((await rows.keys('seats:mine', '', '~', 10)).length, 2, 'what is over is forgotten');
    await seats.remove('mine', { group: 'hg-2', deadline: at + 2 });
    await seats.remove('mine', { group: 'hg-2', deadline: at + 2 });
    assert.deepEqual(await seats.living('mine', at + 1, 10), ['hg-3']);
    assert.equal(await seats.projectOf('thread_none'), undefined);
  });
});

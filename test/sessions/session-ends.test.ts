import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { HOUR, MINUTE, SECOND } from '../../shared/clock.ts';
import { GroupError } from '../../shared/sessions/container-groups.ts';
import { dueFor, removeEnded, sessionEnds } from '../../shared/sessions/session-ends.ts';
import { openStorageAccount } from '../../shared/store/connection.ts';
import { createEndMarks } from '../../shared/store/end-marks.ts';
import { DocumentTable } from '../../shared/store/table.ts';
import { testStorage } from '../support/azurite.ts';
import { busy } from '../support/memory-groups.ts';
import { World } from '../support/session-world.ts';

const never = new AbortController().signal;

describe('ends of sessions', () => {
  test('of many sessions ride on few messages, however many processes order them', async () => {
    await using world = new World();
    const { queue, marks, clock } = world;
    const processes = Array.from({ length: 10 }, () => sessionEnds({ queue, marks, clock, ttlMs: HOUR }));
    for (let n = 0; n < 1_000; n += 1) {
      clock.time += 3.6 * SECOND;
      await processes[n % processes.length]?.order(clock.time + HOUR);
    }
    assert.ok(queue.ends.length <= 21, `${queue.ends.length} messages for an hour of starts`);
  });

  test('come after the deadline and its grace, and well before five minutes have passed', () => {
    for (let deadline = 0; deadline < HOUR; deadline += 7 * SECOND) {
      const late = dueFor(deadline, HOUR) - deadline;
      assert.ok(late >= 30 * SECOND && late <= 3.5 * MINUTE, `${late} ms`);
    }
    assert.ok(dueFor(1_000, 5 * SECOND) - 1_000 < 32 * SECOND, 'short lives are divided, too');
  });

  test('delete what is over, leave what lives, and forget their mark', async () => {
    await using world = new World();
    const { sessions } = world.process();
    await sessions.acquire('thread_1', never);
    world.clock.time += HOUR / 2;
    await sessions.acquire('thread_2', never);
    const [first] = world.queue.ends;
    assert.ok(first);
    world.clock.time = first.due;
    await removeEnded(first.due, world);
    assert.deepEqual(world.live, [world.store.rows.get('thread_2')?.record.group]);
    assert.equal(world.marks.dues.size, 1);
  });

  test('that Azure has no time for come again in a minute', async () => {
    await using world = new World();
    const { sessions } = world.process();
    await sessions.acquire('thread_1', never);
    await sessions.acquire('thread_2', never);
    const [first] = world.queue.ends;
    assert.ok(first);
    world.clock.time = first.due;
    let refusals = 1;
    world.groups.onDelete = () => {
      if (refusals-- > 0) throw busy();
    };
    await removeEnded(first.due, world);
    assert.equal(world.live.length, 1, 'the other one is deleted all the same');
    assert.deepEqual(world.queue.ends.at(-1), { due: first.due, delayMs: MINUTE });
    await removeEnded(first.due, world);
    assert.equal(world.live.length, 0);
  });

  test('that Azure refuses fail their message, after all others are deleted', async () => {
    await using world = new World();
    const { sessions } = world.process();
    await sessions.acquire('thread_1', never);
    await sessions.acquire('thread_2', never);
    world.clock.time += HOUR + 5 * MINUTE;
    const refused = world.live[0];
    world.groups.onDelete = (name) => {
      if (name === refused) throw new GroupError('refused', 'no right to');
    };
    await assert.rejects(removeEnded(0, world), /no right to/);
    assert.deepEqual(world.live, [refused]);
  });

  test('have their marks in storage', async () => {
    const storage = await testStorage();
    const account = await openStorageAccount({
      AzureWebJobsStorage: storage.connectionString,
      STORAGE_PREFIX: `${storage.prefix}ends`,
    } as never);
    const table = account.table('threads');
    await table.createTable();
    const marks = createEndMarks(new DocumentTable(table, account.container('spill')));
    assert.equal(await marks.has(1), false);
    await marks.set(1);
    await marks.set(1);
    assert.equal(await marks.has(1), true);
    await marks.clear(1);
    await marks.clear(1);
    assert.equal(await marks.has(1), false);
  });
});

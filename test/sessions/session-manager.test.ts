import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { HOUR, MINUTE, SECOND } from '../../shared/clock.ts';
import { removeEnded } from '../../shared/sessions/session-ends.ts';
import { removeSession } from '../../shared/sessions/session-removal.ts';
import { World } from '../support/session-world.ts';

const never = new AbortController().signal;
const THREAD = 'thread_1';

describe('a running session', () => {
  test('costs one look at its row, and no request to Azure', async () => {
    await using world = new World();
    const { sessions } = world.process();
    const first = await sessions.acquire(THREAD, never);
    world.store.transactions = 0;
    const second = await world.process().sessions.acquire(THREAD, never);
    assert.deepEqual([first.created, second.created, second.replaced], [true, false, false]);
    assert.equal(second.session.kernel, first.session.kernel);
    assert.equal(world.store.transactions, 1);
    assert.equal(world.groups.created.length, 1);
  });

  test('costs three transactions to start, and its deletion is ordered before it exists', async () => {
    await using world = new World();
    world.groups.onCreate = ({ name, deadline }) => {
      const order = world.queue.ends.find(({ due }) => due > deadline);
      assert.ok(order, 'the message that deletes it is there first');
      const billedUntil = world.clock.now() + order.delayMs;
      assert.ok(billedUntil > deadline && billedUntil < deadline + 5 * MINUTE);
      assert.equal(world.store.rows.get(THREAD)?.record.group, name);
      return undefined;
    };
    await world.process().sessions.acquire(THREAD, never);
    assert.equal(world.store.transactions, 3);
  });

  test('of another thread has another group and another token', async () => {
    await using world = new World();
    const { sessions } = world.process();
    await Promise.all([sessions.acquire('thread_a', never), sessions.acquire('thread_b', never)]);
    const records = [...world.store.rows.values()].map(({ record }) => record);
    assert.equal(new Set(records.map(({ group }) => group)).size, 2);
    assert.equal(new Set(records.map(({ token }) => token)).size, 2);
    for (const { group } of records) assert.match(group, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });
});

describe('two at once', () => {
  test('in two processes get one group', async () => {
    await using world = new World();
    const leases = await Promise.all([1, 2, 3].map(() => world.process().sessions.acquire(THREAD, never)));
    assert.equal(world.groups.created.length, 1);
    assert.equal(new Set(leases.map(({ session }) => session.kernel)).size, 1);
    assert.equal(leases.filter(({ created }) => created).length, 1);
  });

  test('in one process share one start', async () => {
    await using world = new World();
    const { sessions } = world.process();
    await Promise.all([1, 2, 3].map(() => sessions.acquire(THREAD, never)));
    assert.equal(world.groups.created.length, 1);
    assert.equal(world.store.transactions, 5, 'three looks, an insert, a replacement');
  });

  test('the second carries on when the first is told to stop', async () => {
    await using world = new World();
    const { sessions } = world.process();
    const first = new AbortController();
    world.groups.onCreate = async () => {
      first.abort(new Error('cancelled'));
      return undefined;
    };
    const [aborted, carried] = await Promise.allSettled([
      sessions.acquire(THREAD, first.signal),
      sessions.acquire(THREAD, never),
    ]);
    assert.equal(aborted.status === 'rejected' && aborted.reason.message, 'cancelled');
    assert.equal(carried.status, 'fulfilled');
    assert.equal(world.live.length, 1);
  });
});

describe('a crash', () => {
  const crash = new Error('the process died here');
  const failing = () => {
    throw crash;
  };
  const points: Record<string, (world: World) => void> = {
    'before the message': (world) => {
      world.queue.enqueueEnds = failing;
    },
    'before the row': (world) => {
      world.store.beforeWrite = failing;
    },
    'before the group': (world) => {
      world.groups.onCreate = failing;
    },
    'after the group': (world) => {
      world.groups.get = failing;
    },
    'before the row is ready': (world) => {
      world.store.beforeWrite = (kind) => (kind === 'replace' ? failing() : undefined);
    },
  };
  for (const [name, arrange] of Object.entries(points)) {
    test(`${name} leaves nothing that the next call cannot finish`, async () => {
      await using world = new World();
      const repair = {
        enqueueEnds: world.queue.enqueueEnds,
        beforeWrite: world.store.beforeWrite,
        onCreate: world.groups.onCreate,
        get: world.groups.get,
      };
      arrange(world);
      await assert.rejects(world.process().sessions.acquire(THREAD, never), crash);
      world.queue.enqueueEnds = repair.enqueueEnds;
      world.store.beforeWrite = repair.beforeWrite;
      Object.assign(world.groups, { onCreate: repair.onCreate, get: repair.get });
      world.clock.time += 20 * SECOND;

      const lease = await world.process().sessions.acquire(THREAD, never);
      assert.deepEqual([lease.created, lease.replaced], [true, false]);
      assert.equal(world.live.length, 1);
      world.clock.time += HOUR + 5 * MINUTE;
      for (const { due } of world.queue.ends) await removeEnded(due, world);
      assert.deepEqual(world.live, []);
    });
  }

  test('of the one who replaces a lost session does not make anybody forget that there was one', async () => {
    await using world = new World();
    await world.process().sessions.acquire(THREAD, never);
    await world.groups.vanish(world.live[0] ?? '');
    world.groups.onCreate = failing;
    await assert.rejects(world.process().sessions.acquire(THREAD, never), crash);
    world.groups.onCreate = () => undefined;
    world.clock.time += 20 * SECOND;
    const lease = await world.process().sessions.acquire(THREAD, never);
    assert.deepEqual([lease.created, lease.replaced], [true, true]);
  });
});

describe('a session that is gone is replaced', () => {
  const ways: Record<string, (world: World, group: string) => Promise<void> | void> = {
    'when its group vanished': (world, group) => world.groups.vanish(group),
    'when its group was moved': (world, group) => world.groups.reboot(group),
    'when its kernel cannot be started': (world, group) => {
      const found = world.groups.groups.get(group);
      if (found) found.health.state = 'dead';
    },
    'when its hour is over': (world) => {
      world.clock.time += HOUR;
    },
    'when less is left than a call may take': (world) => {
      world.clock.time += HOUR - 2 * MINUTE - 34 * SECOND;
    },
    'when its group ended': async (world, group) => {
      const found = world.groups.groups.get(group);
      if (!found) return;
      found.state = 'ended';
      await found.agent[Symbol.asyncDispose]();
    },
  };
  for (const [name, lose] of Object.entries(ways)) {
    test(name, async () => {
      await using world = new World();
      const { sessions } = world.process();
      const first = await sessions.acquire(THREAD, never);
      const group = world.live[0] ?? '';
      await lose(world, group);
      const second = await sessions.acquire(THREAD, never);
      assert.deepEqual([second.created, second.replaced], [true, true]);
      assert.notEqual(second.session.kernel, first.session.kernel);
      assert.ok(world.groups.deleted.includes(group), 'the old group is deleted');
      assert.equal(world.live.length, 1);
    });
  }

  test('but not for a call that was started in it, as long as it lives at all', async () => {
    await using world = new World();
    const { sessions } = world.process();
    const first = await sessions.acquire(THREAD, never);
    world.clock.time += HOUR - MINUTE;
    const same = await sessions.acquire(THREAD, never, 'started call');
    assert.deepEqual([same.created, same.session.kernel], [false, first.session.kernel]);
    world.clock.time += MINUTE;
    assert.equal((await sessions.acquire(THREAD, never, 'started call')).replaced, true);
  });

  test('but not while a call of the longest kind fits, or half of its life is left', async () => {
    const longest = { callTimeoutMs: 2 * MINUTE, used: HOUR - 2 * MINUTE - 35 * SECOND };
    const bounded = { callTimeoutMs: HOUR, used: HOUR / 2 };
    for (const { callTimeoutMs, used } of [longest, bounded]) {
      await using world = new World();
      const { sessions } = world.process({ callTimeoutMs });
      await sessions.acquire(THREAD, never);
      world.clock.time += used;
      assert.equal((await sessions.acquire(THREAD, never)).created, false);
      world.clock.time += 1;
      assert.equal((await sessions.acquire(THREAD, never)).created, true);
    }
  });

  test('after its deadline’s message too, and the next call still says that there was one', async () => {
    await using world = new World();
    const { sessions, groups } = world.process();
    await sessions.acquire(THREAD, never);
    const [message] = world.queue.ends;
    assert.ok(message);
    world.clock.time = message.due;
    await removeEnded(message.due, world);
    assert.equal(world.live.length, 0);
    await removeEnded(message.due, world);
    const lease = await sessions.acquire(THREAD, never);
    assert.deepEqual([lease.created, lease.replaced], [true, true]);
    assert.ok(groups);
  });

  test('a late message of an earlier session leaves its successor alone', async () => {
    await using world = new World();
    const { sessions } = world.process();
    await sessions.acquire(THREAD, never);
    const group = world.live[0] ?? '';
    await world.groups.vanish(group);
    const lease = await sessions.acquire(THREAD, never);
    await removal({ threadId: THREAD, group }, world);
    world.clock.time += 40 * MINUTE;
    for (const { due } of world.queue.ends) await removeEnded(due, world);
    const again = await sessions.acquire(THREAD, never);
    assert.equal(again.session.kernel, lease.session.kernel);
  });

  test('an agent that does not answer for a moment is not', async () => {
    await using world = new World();
    const { sessions } = world.process();
    const first = await sessions.acquire(THREAD, never);
    const health = world.groups.groups.get(world.live[0] ?? '')?.health;
    assert.ok(health);
    const { state } = health;
    health.state = 'garbled';
    setTimeout(() => {
      health.state = state;
    }, 100);
    const second = await sessions.acquire(THREAD, never);
    assert.equal(second.session.kernel, first.session.kernel);
  });
});

async function removal(message: { threadId: string; group: string }, world: World): Promise<void> {
  await removeSession(message, { groups: world.groups, sweep: async () => {} });
}

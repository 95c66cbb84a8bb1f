import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { HOUR, MINUTE, SECOND } from '../../shared/clock.ts';
import { GroupError } from '../../shared/sessions/container-groups.ts';
import { SessionError } from '../../shared/sessions/session.ts';
import { busy, MemoryGroups } from '../support/memory-groups.ts';
import { MemorySessionQueue, MemorySessionStore } from '../support/session-store.ts';
import { run, type TestSessions, testSessions } from '../support/sessions.ts';

const never = new AbortController().signal;
const THREAD = 'thread_1';

/** Several processes over the same storage and the same Azure, with one clock that the test moves. */
class World implements AsyncDisposable {
  readonly groups = new MemoryGroups();
  readonly store = new MemorySessionStore();
  readonly queue = new MemorySessionQueue();
  readonly clock = { time: Date.parse('2026-11-21T12:00:00Z'), now: () => this.clock.time };

  process(settings: { ttlMs?: number; startTimeoutMs?: number } = {}): TestSessions {
    const { groups, store, queue, clock } = this;
    return testSessions({ groups, store, queue, clock, settings });
  }

  get live(): string[] {
    return [...this.groups.groups.keys()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.groups[Symbol.asyncDispose]();
  }
}

const unavailable = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SessionError, String(error));
  assert.equal(error.code, 'unavailable');
  assert.match(error.message, pattern);
  return true;
};

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
      const order = world.queue.messages.find(({ group }) => group === name);
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
      world.queue.enqueueRemoval = failing;
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
        enqueueRemoval: world.queue.enqueueRemoval,
        beforeWrite: world.store.beforeWrite,
        onCreate: world.groups.onCreate,
        get: world.groups.get,
      };
      arrange(world);
      await assert.rejects(world.process().sessions.acquire(THREAD, never), crash);
      world.queue.enqueueRemoval = repair.enqueueRemoval;
      world.store.beforeWrite = repair.beforeWrite;
      Object.assign(world.groups, { onCreate: repair.onCreate, get: repair.get });
      world.clock.time += 20 * SECOND;

      const lease = await world.process().sessions.acquire(THREAD, never);
      assert.deepEqual([lease.created, lease.replaced], [true, false]);
      assert.equal(world.live.length, 1);
      const ordered = new Set(world.queue.messages.map(({ group }) => group));
      assert.ok(world.groups.created.every((group) => ordered.has(group)));
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
    'when less than a minute is left': (world) => {
      world.clock.time += HOUR - MINUTE + 1;
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

  test('after its deadline’s message too, and the next call still says that there was one', async () => {
    await using world = new World();
    const { sessions, groups } = world.process();
    await sessions.acquire(THREAD, never);
    world.clock.time += HOUR + MINUTE;
    const [message] = world.queue.messages;
    assert.ok(message);
    await removal(message, world);
    assert.equal(world.live.length, 0);
    await removal(message, world);
    const lease = await sessions.acquire(THREAD, never);
    assert.deepEqual([lease.created, lease.replaced], [true, true]);
    assert.ok(groups);
  });

  test('a late message of an earlier session leaves its successor alone', async () => {
    await using world = new World();
    const { sessions } = world.process();
    await sessions.acquire(THREAD, never);
    await world.groups.vanish(world.live[0] ?? '');
    const lease = await sessions.acquire(THREAD, never);
    const [old] = world.queue.messages;
    assert.ok(old);
    await removal(old, world);
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
  const { removeSession } = await import('../../shared/sessions/session-removal.ts');
  await removeSession(message, { groups: world.groups, sweep: async () => {} });
}

describe('Azure says no', () => {
  test('for lack of room: it is asked again after a pause', async () => {
    await using world = new World();
    let refusals = 0;
    world.groups.onCreate = () => {
      if (refusals++ < 1) throw busy();
      return undefined;
    };
    const started = performance.now();
    const lease = await world.process().sessions.acquire(THREAD, never);
    assert.equal(lease.created, true);
    assert.equal(refusals, 2);
    assert.ok(performance.now() - started >= 900, 'not at once');
  });

  test('for lack of room all the time: the start gives up in time, readably', async () => {
    await using world = new World();
    let refusals = 0;
    world.groups.onCreate = () => {
      refusals += 1;
      throw busy('container group quota exceeded. Limit: 100');
    };
    const { sessions } = world.process({ startTimeoutMs: 300 });
    await assert.rejects(sessions.acquire(THREAD, never), unavailable(/quota exceeded. Limit: 100/));
    assert.equal(refusals, 1, 'never in a loop');
    world.groups.onCreate = () => undefined;
    const lease = await sessions.acquire(THREAD, never);
    assert.deepEqual([lease.created, lease.replaced], [true, false], 'there never was a session to lose');
  });

  test('and when to come back: that is when it is asked again', async () => {
    await using world = new World();
    world.groups.onCreate = () => {
      throw busy('throttled', 60_000);
    };
    const { sessions } = world.process({ startTimeoutMs: 1500 });
    await assert.rejects(sessions.acquire(THREAD, never), unavailable(/throttled/));
    assert.equal(world.groups.created.length, 0);
  });

  test('for lack of rights: at once', async () => {
    await using world = new World();
    world.groups.onCreate = () => {
      throw new GroupError('refused', 'AuthorizationFailed');
    };
    await assert.rejects(world.process().sessions.acquire(THREAD, never), unavailable(/AuthorizationFailed/));
  });

  test('by a group that fails: it is deleted, and another one is tried', async () => {
    await using world = new World();
    world.groups.onCreate = () => (world.groups.created.length === 0 ? 'failed' : undefined);
    const lease = await world.process().sessions.acquire(THREAD, never);
    assert.deepEqual([lease.created, lease.replaced], [true, false]);
    const [failed, second] = world.groups.created;
    assert.notEqual(failed, second);
    assert.ok(world.groups.deleted.includes(failed ?? ''));
    assert.deepEqual(world.live, [second]);
    assert.equal(world.queue.messages.length, 2, 'each group’s deletion is ordered');
  });

  test('by two groups that fail: that is enough', async () => {
    await using world = new World();
    world.groups.onCreate = () => 'failed';
    await assert.rejects(world.process().sessions.acquire(THREAD, never), unavailable(/told to be failed/));
    assert.equal(world.groups.created.length, 2);
    assert.equal(world.live.length, 0);
  });

  test('by a group that never answers: the start gives up in time', async () => {
    await using world = new World();
    world.groups.onCreate = () => 'creating';
    const create = world.groups.create.bind(world.groups);
    world.groups.create = async (request, signal) => {
      await create(request, signal);
      const group = world.groups.groups.get(request.name);
      if (group) group.health.claimed = false;
    };
    const { sessions } = world.process({ startTimeoutMs: 300 });
    await assert.rejects(sessions.acquire(THREAD, never), unavailable(/did not come up/));
    assert.equal(world.live.length, 0);
  });
});

describe('leaving', () => {
  test('a cancelled start ends with the reason, and its group serves the next call', async () => {
    await using world = new World();
    const controller = new AbortController();
    const reason = new Error('cancelled');
    world.groups.onCreate = async () => {
      controller.abort(reason);
      return undefined;
    };
    const { sessions } = world.process();
    await assert.rejects(sessions.acquire(THREAD, controller.signal), reason);
    world.groups.onCreate = () => undefined;
    const lease = await sessions.acquire(THREAD, never);
    assert.equal(lease.created, true);
    assert.equal(world.groups.created.length, 1);
  });

  test('a deleted thread’s group and row go', async () => {
    await using world = new World();
    const { sessions } = world.process();
    await sessions.acquire(THREAD, never);
    await sessions.remove(THREAD);
    await sessions.remove(THREAD);
    assert.deepEqual([world.live.length, world.store.rows.size], [0, 0]);
  });

  test('a thread deleted while its session starts leaves no group', async () => {
    await using world = new World();
    const { sessions } = world.process();
    world.store.beforeWrite = (kind) => {
      if (kind === 'replace') world.store.rows.delete(THREAD);
    };
    await assert.rejects(sessions.acquire(THREAD, never), (error: SessionError) => error.code === 'lost');
    assert.equal(world.live.length, 0);
  });

  test('a deletion that Azure does not take now is ordered for later', async () => {
    await using world = new World();
    const { sessions, problems } = world.process();
    await sessions.acquire(THREAD, never);
    world.groups.onDelete = () => {
      throw busy();
    };
    await sessions.remove(THREAD);
    assert.equal(world.store.rows.size, 0);
    assert.equal(problems.length, 1);
    const order = world.queue.messages.at(-1);
    assert.deepEqual(order && [order.group, order.delayMs < MINUTE], [world.live[0], true]);
  });

  test('a session that lies is not used again', async () => {
    await using world = new World();
    const { sessions } = world.process();
    const lease = await sessions.acquire(THREAD, never);
    const group = world.live[0] ?? '';
    world.groups.answer = (response) => void response.end('{"n":0,"type":"surprise"}\n');
    await assert.rejects(run(lease.session, 'code'), (error: SessionError) => error.code === 'misbehaved');
    assert.ok(world.groups.deleted.includes(group));
    const next = await sessions.acquire(THREAD, never);
    assert.deepEqual([next.created, next.replaced], [true, true]);
  });
});

describe('the sweep', () => {
  const forgotten = (world: World, name: string, deadline: number) =>
    world.groups.create({ name, threadId: 't', token: 't', deadline }, never);

  test('deletes groups whose time is over and that nobody deleted, and leaves the others', async () => {
    await using world = new World();
    await forgotten(world, 'over', world.clock.now() - 2 * MINUTE);
    await forgotten(world, 'just-over', world.clock.now() - SECOND);
    await forgotten(world, 'running', world.clock.now() + HOUR);
    await world.process().sessions.acquire(THREAD, never);
    assert.deepEqual(world.groups.deleted, ['over']);
  });

  test('comes at most once in ten minutes, and deletes a bounded number', async () => {
    await using world = new World();
    for (let n = 0; n < 25; n++) await forgotten(world, `over-${n}`, 0);
    const { sweep } = world.process();
    await sweep();
    await sweep();
    assert.deepEqual([world.groups.lists, world.live.length], [1, 5]);
    world.clock.time += 10 * MINUTE;
    await sweep();
    assert.deepEqual([world.groups.lists, world.live.length], [2, 0]);
  });

  test('never fails the work beside it', async () => {
    await using world = new World();
    await forgotten(world, 'over', 0);
    world.groups.onDelete = () => {
      throw busy();
    };
    const { sessions, problems } = world.process();
    const lease = await sessions.acquire(THREAD, never);
    assert.equal(lease.created, true);
    assert.equal(problems.length, 1);
  });
});

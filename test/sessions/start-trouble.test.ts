import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { MINUTE, SECOND } from '../../shared/clock.ts';
import type { GroupView } from '../../shared/sessions/container-groups.ts';
import { untilReady } from '../../shared/sessions/group-readiness.ts';
import { SessionError } from '../../shared/sessions/session.ts';
import { eventually } from '../support/eventually.ts';
import { busy, unanswered } from '../support/memory-groups.ts';
import { World } from '../support/session-world.ts';

const never = new AbortController().signal;
const THREAD = 'thread_1';

const tooLate = (error: unknown) => {
  assert.ok(error instanceof SessionError, String(error));
  assert.deepEqual([error.code, /did not come up in time/.test(error.message)], ['unavailable', true]);
  return true;
};

describe('the time for a start runs out', () => {
  const hanging: Record<string, (world: World) => void> = {
    'a question to its agent': (world) => {
      world.groups.silent = true;
    },
    'a look at its group': (world) => {
      world.groups.get = (_, signal) => unanswered(signal);
    },
    'the creation of its group': (world) => {
      const create = world.groups.create.bind(world.groups);
      world.groups.create = async (request, signal) => {
        await create(request, signal);
        await unanswered(signal);
      };
    },
  };
  for (const [name, hang] of Object.entries(hanging)) {
    test(`during ${name}: the caller can read why, and the group is not billed on`, async () => {
      await using world = new World();
      hang(world);
      const { sessions } = world.process({ startTimeoutMs: 300 });
      await assert.rejects(sessions.acquire(THREAD, never), tooLate);
      assert.deepEqual([world.groups.created.length, world.live.length], [1, 0]);
    });
  }

  test('during the deletion of the group before: the same', async () => {
    await using world = new World();
    await world.process().sessions.acquire(THREAD, never);
    await world.groups.vanish(world.live[0] ?? '');
    world.groups.delete = (_, signal) => (signal ? unanswered(signal) : Promise.resolve());
    const { sessions, problems } = world.process({ startTimeoutMs: 300 });
    await assert.rejects(sessions.acquire(THREAD, never), tooLate);
    assert.equal(world.live.length, 0);
    const told = problems.map((problem) => problem.replace(/^container group \S+ /, ''));
    assert.deepEqual(told, ['could not be deleted yet', 'came to nothing']);
  });

  test('for one who waits for another process: the group stays with the one who makes it', async () => {
    await using world = new World();
    const creation = Promise.withResolvers<undefined>();
    world.groups.onCreate = () => creation.promise;
    const owner = world.process().sessions.acquire(THREAD, never);
    await eventually('the row of the start', () => world.store.rows.has(THREAD));
    const get = world.groups.get;
    world.groups.get = (_, signal) => unanswered(signal);
    const { sessions } = world.process({ startTimeoutMs: 300 });
    await assert.rejects(sessions.acquire(THREAD, never), tooLate);
    assert.deepEqual(world.groups.deleted, []);
    world.groups.get = get;
    creation.resolve(undefined);
    assert.equal((await owner).created, true);
  });
});

describe('a group is not created again, which would restart it', () => {
  test('when the answer to its creation was lost', async () => {
    await using world = new World();
    const create = world.groups.create.bind(world.groups);
    let losses = 1;
    world.groups.create = async (request, signal) => {
      await create(request, signal);
      if (losses-- > 0) throw busy('ECONNRESET');
    };
    await world.process().sessions.acquire(THREAD, never);
    assert.deepEqual([world.groups.created.length, world.groups.restarted.length], [1, 0]);
  });

  test('while Azure does not say whether it is there', async () => {
    await using world = new World();
    const get = world.groups.get.bind(world.groups);
    const died = new Error('the process died here');
    world.groups.get = async () => {
      throw died;
    };
    await assert.rejects(world.process().sessions.acquire(THREAD, never), died);
    world.clock.time += MINUTE;
    let looks = 0;
    world.groups.get = async (name) => {
      looks += 1;
      if (looks < 4) throw busy('TooManyRequests');
      return get(name);
    };
    await world.process().sessions.acquire(THREAD, never);
    assert.deepEqual([world.groups.created.length, world.groups.restarted.length], [1, 0]);
  });

  test('by several who take over from one who died', async () => {
    await using world = new World();
    const died = new Error('the process died here');
    world.groups.onCreate = () => {
      throw died;
    };
    await assert.rejects(world.process().sessions.acquire(THREAD, never), died);
    world.groups.onCreate = async () => setTimeout(50);
    world.clock.time += MINUTE;
    const leases = await Promise.all([1, 2, 3].map(() => world.process().sessions.acquire(THREAD, never)));
    assert.equal(new Set(leases.map(({ session }) => session.kernel)).size, 1);
    assert.deepEqual([world.groups.created.length, world.groups.restarted.length], [1, 0]);
  });

  test('by one who was held up until another one took over', async () => {
    await using world = new World();
    await world.process().sessions.acquire(THREAD, never);
    await world.groups.vanish(world.live[0] ?? '');
    const removal = Promise.withResolvers<void>();
    const remove = world.groups.delete.bind(world.groups);
    world.groups.delete = async (name) => {
      await removal.promise;
      return remove(name);
    };
    const first = world.process().sessions.acquire(THREAD, never);
    await eventually('the row of the start', () => world.store.rows.get(THREAD)?.record.state === 'starting');
    world.clock.time += MINUTE;
    const second = await world.process().sessions.acquire(THREAD, never);
    removal.resolve();
    assert.equal((await first).session.kernel, second.session.kernel);
    assert.deepEqual([world.groups.created.length, world.groups.restarted.length], [2, 0]);
  });
});

describe('a group that takes its time', () => {
  const absent = async () => undefined;
  const throttled = async () => {
    throw busy('TooManyRequests');
  };

  /** Looks at a group that is there from the start, half a minute later, with these answers before it runs. */
  async function wait(t: TestContext, answers: readonly (() => Promise<GroupView | undefined>)[]) {
    await using world = new World();
    await world.process().sessions.acquire(THREAD, never);
    const record = world.store.rows.get(THREAD)?.record;
    assert.ok(record);
    t.mock.timers.enable({ apis: ['Date'], now: world.clock.now() });
    const get = world.groups.get.bind(world.groups);
    let looks = 0;
    world.groups.get = async (name) => {
      const answer = answers[looks - 1];
      looks += 1;
      const view = await get(name);
      if (looks > 1) t.mock.timers.setTime(world.clock.now() + MINUTE / 2 + looks * 3 * SECOND);
      if (answer) return answer();
      return view && (looks === 1 ? { ...view, state: 'creating', address: undefined } : view);
    };
    const { health } = await untilReady(world.groups, record, AbortSignal.timeout(10 * SECOND));
    return health.claimed;
  }

  test('is not given up because Azure does not want to be asked', async (t) => {
    assert.equal(await wait(t, [throttled, throttled, throttled]), true);
  });

  test('is not given up because Azure once does not find it', async (t) => {
    assert.equal(await wait(t, [absent, throttled]), true);
  });

  test('is given up when Azure says twice that it is not there', async (t) => {
    await assert.rejects(wait(t, [absent, throttled, absent]), /it vanished/);
  });
});

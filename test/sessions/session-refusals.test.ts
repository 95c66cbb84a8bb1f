import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { HOUR, MINUTE, SECOND } from '../../shared/clock.ts';
import { GroupError } from '../../shared/sessions/container-groups.ts';
import { SessionError } from '../../shared/sessions/session.ts';
import { busy, unanswered } from '../support/memory-groups.ts';
import { World } from '../support/session-world.ts';
import { run } from '../support/sessions.ts';

const never = new AbortController().signal;
const THREAD = 'thread_1';

const unavailable = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SessionError, String(error));
  assert.equal(error.code, 'unavailable');
  assert.match(error.message, pattern);
  return true;
};

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
    assert.equal(world.queue.ends.length, 1, 'their deletion is ordered');
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
    const { sessions, swept } = world.process();
    await sessions.acquire(THREAD, never);
    await swept();
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
    const { sessions, problems, swept } = world.process();
    const lease = await sessions.acquire(THREAD, never);
    assert.equal(lease.created, true);
    await swept();
    assert.equal(problems.length, 1);
  });

  test('never holds back a session that is ready, nor one who leaves', async () => {
    await using world = new World();
    let listed = 0;
    const list = world.groups.list.bind(world.groups);
    world.groups.list = async function* () {
      await delay(SECOND);
      listed += 1;
      yield* list();
    };
    const one = world.process();
    assert.equal((await one.sessions.acquire(THREAD, never)).created, true);
    world.groups.create = (_, signal) => unanswered(signal);
    const reason = new Error('cancelled');
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(reason), 50);
    const other = world.process();
    await assert.rejects(other.sessions.acquire('thread_2', leaving.signal), reason);
    assert.equal(listed, 0);
    await Promise.all([one.swept(), other.swept()]);
    assert.equal(listed, 2);
  });

  test('that breaks is reported, and nothing else', async () => {
    await using world = new World();
    const { sessions, problems, swept } = world.process();
    world.clock.now = () => {
      world.clock.now = () => world.clock.time;
      throw new Error('broken');
    };
    assert.equal((await sessions.acquire(THREAD, never)).created, true);
    await assert.rejects(swept());
    assert.deepEqual(problems, ['the sweep for forgotten container groups failed']);
  });
});

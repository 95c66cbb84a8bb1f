import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { SessionError } from '../../shared/sessions/session.ts';
import { eventually } from '../support/eventually.ts';
import { World } from '../support/session-world.ts';

const never = new AbortController().signal;
const THREAD = 'thread_1';

const endless = (signal?: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
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
      world.groups.get = (_, signal) => endless(signal);
    },
    'the creation of its group': (world) => {
      const create = world.groups.create.bind(world.groups);
      world.groups.create = async (request, signal) => {
        await create(request, signal);
        await endless(signal);
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

  test('for one who waits for another process: the group stays with the one who makes it', async () => {
    await using world = new World();
    const creation = Promise.withResolvers<undefined>();
    world.groups.onCreate = () => creation.promise;
    const owner = world.process().sessions.acquire(THREAD, never);
    await eventually('the row of the start', () => world.store.rows.has(THREAD));
    const get = world.groups.get;
    world.groups.get = (_, signal) => endless(signal);
    const { sessions } = world.process({ startTimeoutMs: 300 });
    await assert.rejects(sessions.acquire(THREAD, never), tooLate);
    assert.deepEqual(world.groups.deleted, []);
    world.groups.get = get;
    creation.resolve(undefined);
    assert.equal((await owner).created, true);
  });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import { armContainerGroups } from '../../shared/sessions/arm-container-groups.ts';
import { SessionError } from '../../shared/sessions/session.ts';
import { armSettings, run, sessionsOn, startTestEmulator, testSessions } from '../support/sessions.ts';

let emulator: ArmEmulator;
before(async () => {
  emulator = await startTestEmulator();
});
after(() => emulator.stop());

const never = new AbortController().signal;
const creations = () => emulator.requests.filter(({ method }) => method === 'PUT');

test('a first call creates a container group through Azure Resource Manager, a second one reuses it', async () => {
  const { sessions, store } = sessionsOn(emulator);
  const before = creations().length;
  const first = await sessions.acquire('thread_a', never);
  assert.deepEqual([first.created, first.replaced], [true, false]);
  const told = await run(first.session, 'x = 41\nprint("hello")');
  assert.equal(told.logs, 'hello\n');
  assert.equal(told.done.status, 'ok');

  store.transactions = 0;
  const second = await sessions.acquire('thread_a', never);
  assert.deepEqual([second.created, second.replaced], [false, false]);
  assert.equal(second.session.kernel, first.session.kernel);
  assert.equal((await run(second.session, 'x + 1')).logs, '42');
  assert.equal(store.transactions, 1, 'a running session costs one look at its row');
  assert.equal(creations().length, before + 1);
  await sessions.remove('thread_a');
  assert.equal(emulator.groups.size, 0);
});

test('two processes that want the same thread’s session get the same group', async () => {
  const one = sessionsOn(emulator);
  const groups = armContainerGroups(armSettings(emulator.url));
  const two = testSessions({ groups, store: one.store, queue: one.queue });
  const before = creations().length;
  const [a, b] = await Promise.all([one, two].map(({ sessions }) => sessions.acquire('thread_b', never)));
  assert.equal(creations().length, before + 1);
  assert.equal(a?.session.kernel, b?.session.kernel);
  await one.sessions.remove('thread_b');
});

test('Azure without room is asked again, and a group that failed is replaced by another', async () => {
  const { sessions, queue } = sessionsOn(emulator);
  const before = creations().length;
  emulator.fail({ kind: 'quota' });
  emulator.fail({ kind: 'provisioning-failed' });
  const { session } = await sessions.acquire('thread_c', never);
  assert.equal((await run(session, '6 * 7')).logs, '42');
  const [refused, failed, good] = creations().slice(before);
  assert.equal(refused?.path, failed?.path, 'the same group is asked for again');
  assert.notEqual(failed?.path, good?.path);
  assert.equal(emulator.groups.size, 1, 'the failed one was deleted');
  assert.equal(queue.ends.length, 1);
  await sessions.remove('thread_c');
});

test('Azure without room for too long is an answer that a reader understands', async () => {
  const { sessions } = sessionsOn(emulator, { startTimeoutMs: 500 });
  emulator.fail({ kind: 'capacity' }, 10);
  await assert.rejects(sessions.acquire('thread_d', never), (error: unknown) => {
    assert.ok(error instanceof SessionError && error.code === 'unavailable');
    assert.match(error.message, /No Python session can be had now: .*not available in the location 'local'/);
    return true;
  });
  emulator.clearFaults();
});

test('two threads have two sessions, which see nothing of each other', async () => {
  const { sessions } = sessionsOn(emulator);
  const [a, b] = await Promise.all(['thread_e', 'thread_f'].map((thread) => sessions.acquire(thread, never)));
  assert.ok(a && b);
  await run(a.session, 'x = 1; open("a.txt", "w").write("a")');
  const seen = await run(b.session, 'import os; print("x" in globals(), os.listdir())');
  assert.equal(seen.logs, 'False []\n');
  await Promise.all(['thread_e', 'thread_f'].map((thread) => sessions.remove(thread)));
});

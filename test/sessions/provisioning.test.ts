import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import { run, sessionsOn, startTestEmulator } from '../support/sessions.ts';

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

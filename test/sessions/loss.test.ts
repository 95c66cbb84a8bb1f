/** Sessions that are lost in every way there is, on real sandboxes: the next call has one again, and knows. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import type { Group } from '../../local/arm/group.ts';
import { descendants, killProcess } from '../../local/arm/process-tree.ts';
import { SECOND } from '../../shared/clock.ts';
import { armContainerGroups } from '../../shared/sessions/arm-container-groups.ts';
import { type Session, SessionError } from '../../shared/sessions/session.ts';
import {
  armSettings,
  run,
  sessionsOn,
  startTestEmulator,
  type TestSessions,
  testSessions,
} from '../support/sessions.ts';

let emulator: ArmEmulator;
before(async () => {
  emulator = await startTestEmulator();
});
after(() => emulator.stop());

const never = new AbortController().signal;
const lost = (error: unknown) => error instanceof SessionError && error.code === 'lost';

const groupOf = (parts: TestSessions, thread: string): Group => {
  const group = emulator.groups.get(parts.store.rows.get(thread)?.record.group ?? '');
  assert.ok(group, `no group of ${thread}`);
  return group;
};
/** Below bubblewrap: its process 1, the agent, the kernel. */
const processesOf = (group: Group) => descendants(group.sandbox?.pid ?? -1);

/** Starts code that runs until something ends it, and resolves once it runs. */
async function begin(session: Session): Promise<{ outcome: Promise<unknown> }> {
  const running = Promise.withResolvers<void>();
  const call = {
    executionId: `long-${Math.random()}`,
    code: 'print("on")\nimport time; time.sleep(60)',
    timeoutMs: 60_000,
  };
  const outcome = (async () => {
    let last: unknown;
    for await (const event of session.execute(call, never)) {
      if (event.type === 'logs' && event.text.includes('on')) running.resolve();
      last = event;
    }
    return last;
  })();
  outcome.catch(() => undefined);
  await running.promise;
  return { outcome };
}

test('a killed kernel costs the variables, not the session nor its files', async () => {
  const parts = sessionsOn(emulator);
  const { session } = await parts.sessions.acquire('thread_kernel', never);
  await run(session, 'x = 1; open("kept.txt", "w").write("kept")');
  const before = session.kernel;
  const { outcome } = await begin(session);
  for (const pid of processesOf(groupOf(parts, 'thread_kernel')).slice(2)) killProcess(pid);
  assert.deepEqual(await outcome, { type: 'done', status: 'kernel_died', files: [], deleted: [] });
  const next = await parts.sessions.acquire('thread_kernel', never);
  assert.equal(next.created, false);
  assert.notEqual(next.session.kernel, before);
  const seen = await run(next.session, 'print("x" in globals(), open("kept.txt").read())');
  assert.equal(seen.logs, 'False kept\n');
  await parts.sessions.remove('thread_kernel');
});

describe('a session is replaced', () => {
  const ways: Record<string, (group: Group, name: string) => Promise<void> | void> = {
    'when its agent is killed': (group) => killProcess(processesOf(group)[1] ?? -1),
    'when its sandbox is killed': (group) => group.sandbox?.kill(),
    'when its group vanishes': (_group, name) => emulator.vanish(name),
    'when its group is moved': (_group, name) => emulator.move(name),
  };
  for (const [name, lose] of Object.entries(ways)) {
    test(`${name}, in the middle of a call: that fails, the next one has a new session`, async () => {
      const parts = sessionsOn(emulator);
      const first = await parts.sessions.acquire('thread_loss', never);
      const { outcome } = await begin(first.session);
      const group = groupOf(parts, 'thread_loss');
      await lose(group, parts.store.rows.get('thread_loss')?.record.group ?? '');
      await assert.rejects(outcome, lost);
      const next = await parts.sessions.acquire('thread_loss', never);
      assert.deepEqual([next.created, next.replaced], [true, true]);
      assert.deepEqual(await next.session.listFiles(), []);
      assert.equal((await run(next.session, '6 * 7')).logs, '42');
      await parts.sessions.remove('thread_loss');
    });
  }

  test('when all of Azure’s memory of it is gone: the emulator was restarted', async () => {
    const parts = sessionsOn(emulator);
    const other = await startTestEmulator({ warm: 0 });
    const elsewhere = testSessions({
      groups: armContainerGroups(armSettings(other.url)),
      store: parts.store,
    });
    await elsewhere.sessions.acquire('thread_restart', never);
    await other.stop();
    const next = await parts.sessions.acquire('thread_restart', never);
    assert.deepEqual([next.created, next.replaced], [true, true]);
    assert.equal((await run(next.session, '6 * 7')).logs, '42');
    await parts.sessions.remove('thread_restart');
  });

  test('when its deadline is reached: the agent ends itself, and the group stays to be deleted', async () => {
    const parts = sessionsOn(emulator, { ttlMs: 8 * SECOND });
    const first = await parts.sessions.acquire('thread_deadline', never);
    const { outcome } = await begin(first.session);
    const record = parts.store.rows.get('thread_deadline')?.record;
    const group = groupOf(parts, 'thread_deadline');
    assert.equal(await group.sandbox?.exited, 0, 'the agent’s own decision');
    assert.ok(Date.now() >= (record?.deadline ?? 0) - SECOND);
    await assert.rejects(outcome, lost);
    assert.equal((await parts.groups.get(record?.group ?? ''))?.state, 'ended');
    const next = await parts.sessions.acquire('thread_deadline', never);
    assert.deepEqual([next.created, next.replaced], [true, true]);
    await parts.sessions.remove('thread_deadline');
  });
});

test('a cancelled call frees the kernel, which keeps its variables', async () => {
  const parts = sessionsOn(emulator);
  const { session } = await parts.sessions.acquire('thread_cancel', never);
  await run(session, 'x = 5');
  const controller = new AbortController();
  const reason = new Error('cancelled');
  const code = 'print("on")\nimport time; time.sleep(60)';
  const cancelled = (async () => {
    for await (const event of session.execute(
      { executionId: 'c', code, timeoutMs: 60_000 },
      controller.signal,
    )) {
      if (event.type === 'logs') controller.abort(reason);
    }
  })();
  await assert.rejects(cancelled, reason);
  assert.equal((await run(session, 'x')).logs, '5');
  await parts.sessions.remove('thread_cancel');
});

test('the same execution again fetches its outcome and runs nothing', async () => {
  const parts = sessionsOn(emulator);
  const { session } = await parts.sessions.acquire('thread_replay', never);
  const code = 'open("count.txt", "a").write("x")\nprint("ran")';
  const first = await run(session, code, { executionId: 'once' });
  const { session: again } = await sessionsOn(emulator).sessions.acquire('thread_other', never);
  const second = await run(session, code, { executionId: 'once' });
  assert.deepEqual(second, first);
  assert.equal((await run(session, 'open("count.txt").read()')).logs, "'x'");
  assert.deepEqual(await again.listFiles(), [], 'another thread’s session has its own folder');
  await parts.sessions.remove('thread_replay');
});

test('files go in and come out as they were, whatever they are called', async () => {
  const parts = sessionsOn(emulator);
  const { session } = await parts.sessions.acquire('thread_files', never);
  const content = randomBytes(5_000_000);
  const digest = createHash('sha256').update(content).digest('hex');
  const path = 'données 1/ünïcode & 50% #.bin';
  await session.putFile(path, Readable.from([content]), content.length);
  const seen = await run(
    session,
    `import hashlib; print(hashlib.sha256(open(${JSON.stringify(path)}, "rb").read()).hexdigest())`,
  );
  assert.equal(seen.logs, `${digest}\n`);
  const written = await run(
    session,
    `import shutil; shutil.copyfile(${JSON.stringify(path)}, "out file.bin")`,
  );
  const file = written.done.files.find((each) => each.path === 'out file.bin');
  assert.ok(file);
  const hash = createHash('sha256');
  for await (const chunk of await session.getFile(file)) hash.update(chunk as Buffer);
  assert.equal(hash.digest('hex'), digest);
  assert.deepEqual(
    (await session.listFiles()).map((each) => each.path).sort(),
    [path, 'out file.bin'].sort(),
  );
  await parts.sessions.remove('thread_files');
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import type { ToolCall } from '../../shared/api/run-step.ts';
import { deleteThread } from '../../shared/chores/delete-thread.ts';
import { cancelRun } from '../../shared/engine/cancel-run.ts';
import { handleRunMessage } from '../../shared/engine/handle-run-message.ts';
import { toolCallsOf } from '../../shared/run/steps.ts';
import { assertUsable, outline, place, pumpUntil, type Stored, stored, textOf } from '../engine/scenario.ts';
import { PROJECT, type RunIds, type TestEngine, testEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { startTestEmulator } from '../support/sessions.ts';

const tools = [{ type: 'code_interpreter' }];
const python = (code: string) => ({ toolCalls: [{ name: 'python', arguments: { code } }] });

/** Says how often it ran, shows a figure, goes on for `seconds`, and writes a file. */
const work = (seconds: number) => `
import time, pathlib, matplotlib.pyplot as plt
log = pathlib.Path('/mnt/data/runs.txt')
log.write_text((log.read_text() if log.exists() else '') + 'ran\\n')
plt.plot([1, 2]); plt.show()
print('begun', flush=True)
time.sleep(${seconds})
pathlib.Path('/mnt/data/result.csv').write_text('a,b')
print(log.read_text().count('ran'), 'times')`;

describe('code that runs when something happens to its run', { concurrency: 2 }, () => {
  let arm: ArmEmulator;
  before(async () => {
    arm = await startTestEmulator({ warm: 2 });
  });
  after(() => arm.stop());

  const anEngine = (environment: Record<string, string> = {}) =>
    testEngine({ SESSION_ARM_ENDPOINT: arm.url, ...environment });

  function codeCalls({ steps }: Pick<Stored, 'steps'>): Extract<ToolCall, { type: 'code_interpreter' }>[] {
    return steps.flatMap(toolCallsOf).filter((call) => call.type === 'code_interpreter');
  }

  const logs = (calls: ReturnType<typeof codeCalls>): string =>
    calls
      .flatMap((call) => call.code_interpreter.outputs)
      .map((output) => (output.type === 'logs' ? output.logs : ''))
      .join('');

  const images = (calls: ReturnType<typeof codeCalls>): string[] =>
    calls
      .flatMap((call) => call.code_interpreter.outputs)
      .flatMap((output) => (output.type === 'image' ? [output.image.file_id] : []));

  /** Every file is one that a step shows, or one that the thread's /mnt/data knows. */
  async function assertNoOrphans(
    { services }: TestEngine,
    run: RunIds,
    shown: readonly string[],
  ): Promise<void> {
    const { files, workspaces } = services.stores;
    const page = await files.list(PROJECT, { limit: 100, order: 'asc' });
    const workspace = await workspaces.get(run.threadId);
    const known = [...shown, ...Object.values(workspace.files).map(({ fileId }) => fileId)];
    assert.deepEqual(page.data.map(({ object }) => object.id).sort(), known.sort());
  }

  /** Handles the start message in a process of its own, so to speak: one that can be asked to stop, or dies. */
  function worker(engine: TestEngine, run: RunIds, changes: Partial<TestEngine['services']>) {
    return handleRunMessage({ ...engine.services, ...changes }, { ...run, kind: 'start' });
  }

  /** Resolves when the code has begun, which is when its figure is a file. */
  const begun = (engine: TestEngine) =>
    eventually('the figure', async () => {
      const { data } = await engine.services.stores.files.list(PROJECT, { limit: 1, order: 'asc' });
      return data.length > 0;
    });

  it('cancelled: the code is interrupted, and what it showed stays', async () => {
    await using engine = await anEngine();
    // Far longer than anybody waits for this test.
    engine.model.add(python(work(3_600)));
    const run = await engine.aRun({ assistant: { tools } });
    const pumped = engine.pump();
    await begun(engine);
    await cancelRun(engine.services, place(run));
    await pumped;
    const after = await stored(engine, run);
    assert.equal(after.run.object.status, 'cancelled');
    assert.deepEqual(outline(after.steps), ['tool_calls cancelled']);
    const calls = codeCalls(after);
    assert.equal(images(calls).length, 1);
    assert.equal(logs(calls), 'begun\n');
    await assertNoOrphans(engine, run, images(calls));
    await assertUsable(engine, run);
  });

  it('handed over: the code goes on, and the next worker has its outcome', async () => {
    await using engine = await anEngine();
    engine.model.add(python(work(5)), { text: 'see sandbox:/mnt/data/result.csv' });
    const run = await engine.aRun({ assistant: { tools } });
    await engine.loseMessages();
    const drain = new AbortController();
    const handled = worker(engine, run, { drain: drain.signal });
    await begun(engine);
    drain.abort();
    await handled;
    const between = await stored(engine, run);
    assert.deepEqual([between.run.object.status, between.run.work.leaseOwner], ['in_progress', '']);
    await engine.pump();
    const after = await stored(engine, run);
    assert.equal(after.run.object.status, 'completed');
    const calls = codeCalls(after);
    assert.equal(logs(calls), 'begun\n1 times\n');
    assert.equal(images(calls).length, 1);
    await assertNoOrphans(engine, run, images(calls));
    assert.equal(textOf(after.messages.at(-1)), 'image_file|see sandbox:/mnt/data/result.csv');
    engine.model.assertDone();
  });

  it('taken over after its worker died with the outcome: the code does not run again', async () => {
    await using engine = await anEngine({ RUN_LEASE_SECONDS: '2' });
    engine.model.add(python(work(0)), { text: 'done' });
    const run = await engine.aRun({ assistant: { tools } });
    await engine.loseMessages();
    await diesAt(engine, run, 'between-outputs-and-step');
    const after = await pumpUntil(engine, run, 'completed');
    const calls = codeCalls(after);
    assert.equal(logs(calls), 'begun\n1 times\n');
    await assertNoOrphans(engine, run, images(calls));
    assert.equal(Object.keys((await engine.services.stores.workspaces.get(run.threadId)).files).length, 2);
  });

  it('taken over when the session died, too: the model is told so, and no file is left over', async () => {
    await using engine = await anEngine({ RUN_LEASE_SECONDS: '2' });
    engine.model.add(python(work(0)), { text: 'sorry' });
    const run = await engine.aRun({ assistant: { tools } });
    await engine.loseMessages();
    await diesAt(engine, run, 'between-outputs-and-step');
    await vanish(engine, run);
    const after = await pumpUntil(engine, run, 'completed');
    const told = engine.model.requests.at(-1)?.body.messages.at(-1)?.content;
    assert.match(String(told), /session was lost while this code ran/);
    assert.deepEqual(images(codeCalls(after)), []);
    await assertNoOrphans(engine, run, []);
    engine.model.assertDone();
  });

  it('whose session dies: the model is told so, what was shown stays, and the run goes on', async () => {
    await using engine = await anEngine();
    engine.model.add(python(work(60)), python('print("again")'), { text: 'done' });
    const run = await engine.aRun({ assistant: { tools } });
    const pumped = engine.pump();
    await begun(engine);
    await vanish(engine, run);
    await pumped;
    const after = await stored(engine, run);
    assert.equal(after.run.object.status, 'completed');
    const told = engine.model.requests[1]?.body.messages.at(-1)?.content;
    assert.match(String(told), /session was lost while the code ran/);
    const calls = codeCalls(after);
    assert.match(logs(calls), /^begun\nagain\n$/);
    await assertNoOrphans(engine, run, images(calls));
  });

  it('of a thread that is deleted: nothing is left over', async () => {
    await using engine = await anEngine();
    engine.model.add(python(work(60)));
    const run = await engine.aRun({ assistant: { tools } });
    const pumped = engine.pump();
    await begun(engine);
    assert.equal(await deleteThread(engine.services, PROJECT, run.threadId), true);
    await pumped;
    await eventually('the deletion of its files', async () => {
      const { data } = await engine.services.stores.files.list(PROJECT, { limit: 1, order: 'asc' });
      return data.length === 0;
    });
    assert.equal(await engine.services.stores.sessions.get(run.threadId), undefined);
  });

  it('is awaited for by a session that was found while the model thought', async () => {
    await using engine = await anEngine();
    engine.model.add(python('print(1)'), { text: 'one' });
    const first = await engine.aRun({ assistant: { tools } });
    await engine.pump();
    let think = () => {};
    const gate = new Promise<void>((resolve) => {
      think = resolve;
    });
    await vanish(engine, first);
    engine.model.add({ gate, ...python('print(2)') }, { text: 'two' });
    const run = await engine.aRun({ threadId: first.threadId, assistant: { tools } });
    const pumped = engine.pump();
    await eventually('a new session', async () => {
      const session = await engine.services.stores.sessions.get(run.threadId);
      return session?.record.state === 'ready' && arm.groups.has(session.record.group);
    });
    think();
    await pumped;
    const after = await stored(engine, run);
    assert.equal(after.run.object.status, 'completed');
    assert.equal(logs(codeCalls(after)), '2\n');
  });

  /** A worker that is gone without a trace at this point, its lease still held. */
  async function diesAt(engine: TestEngine, run: RunIds, point: string): Promise<void> {
    const { services } = engine;
    let died = () => {};
    const dead = new Promise<void>((resolve) => {
      died = resolve;
    });
    const crash = (at: string) => {
      if (at !== point) return;
      died();
      throw new Error('died');
    };
    // Of the dead no write arrives any more.
    const { CodeInterpreter } = await import('../../shared/tools/code-interpreter.ts');
    const codeInterpreter = new CodeInterpreter({ ...services, crash });
    const handled = worker(engine, run, { codeInterpreter });
    await dead;
    await handled.catch(() => undefined);
  }

  async function vanish(engine: TestEngine, run: RunIds): Promise<void> {
    const session = await engine.services.stores.sessions.get(run.threadId);
    assert.ok(session);
    await arm.vanish(session.record.group);
  }
});

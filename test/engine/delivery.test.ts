import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deleteThread } from '../../shared/chores/delete-thread.ts';
import { ClaimedRun } from '../../shared/engine/claim/claimed-run.ts';
import { failPoisonedRun } from '../../shared/engine/give-up.ts';
import { handleRunMessage } from '../../shared/engine/handle-run-message.ts';
import { rescueRun } from '../../shared/engine/rescue-run.ts';
import { newId } from '../../shared/ids.ts';
import { PROJECT, type RunIds, type TestEngine, testEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import {
  assertAnsweredOnce,
  assertUsable,
  aWaitingRun,
  messageOf,
  outline,
  pumpUntil,
  stored,
  textOf,
} from './scenario.ts';

async function claim({ services }: TestEngine, run: RunIds, owner: string) {
  const row = await services.stores.runs.rowOfAny(run.threadId, run.runId);
  assert.ok(row);
  return ClaimedRun.claim(services, row, owner, null);
}

describe('messages about runs', { concurrency: true }, () => {
  it('delivered twice at once: one worker takes the run, the other leaves', async () => {
    await using engine = await testEngine();
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    await Promise.all([1, 2, 3].map(() => handleRunMessage(engine.services, messageOf(run))));
    await assertAnsweredOnce(engine, run);
    await engine.pump();
    await handleRunMessage(engine.services, messageOf(run, 'watch'));
    engine.model.assertDone();
    await assertAnsweredOnce(engine, run);
    assert.equal(await engine.messagesWaiting(), 0);
  });

  it('a worker that lost its run to another one notices, and writes nothing more', async () => {
    await using engine = await testEngine({ RUN_LEASE_SECONDS: '1' });
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    engine.model.add({ text: 'late', pieces: [{ gate }] });
    const run = await engine.aRun();
    const pumped = engine.pump();
    await engine.model.received(1);
    const { stores } = engine.services;
    // What a takeover after a long pause of this process looks like.
    const taken = await eventually('the other worker', async () => {
      const row = await stores.runs.rowOfAny(run.threadId, run.runId);
      assert.ok(row);
      const work = { ...row.document.work, leaseOwner: 'other', leaseUntil: Date.now() + 60_000 };
      return stores.runs.save(row, { ...row.document, work }).catch(() => false);
    });
    assert.ok(taken);
    await pumped;
    release();
    const { run: after, steps, messages } = await stored(engine, run);
    assert.equal(after.work.leaseOwner, 'other');
    assert.equal(after.object.status, 'in_progress');
    assert.deepEqual([outline(steps), messages.map(textOf)], [[], ['Hello']]);
  });

  it('the start message lost: the watchdog starts the run', async () => {
    await using engine = await testEngine({ RUN_LEASE_SECONDS: '1' });
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    await engine.loseMessages();
    await pumpUntil(engine, run, 'completed');
    await assertAnsweredOnce(engine, run);
    assert.equal(await engine.messagesWaiting(), 0);
  });

  it('a worker that dies: the watchdog takes over when its lease has run out, not before', async () => {
    await using engine = await testEngine({ RUN_LEASE_SECONDS: '2' });
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    await engine.loseMessages();
    const dead = await claim(engine, run, 'dead');
    assert.ok(dead);
    const renewed = await eventually('a renewal', () => {
      const { leaseUntil } = dead.record.work;
      return leaseUntil > Date.now() + 1500 && dead.record.work.attempts === 1 && leaseUntil;
    });
    dead.stop();
    await engine.model.received(0);
    const pumping = pumpUntil(engine, run, 'completed');
    await engine.model.received(1);
    const lateMs = Date.now() - renewed;
    assert.ok(lateMs >= 0, `taken over ${-lateMs} ms before the lease had run out`);
    await pumping;
    await assertAnsweredOnce(engine, run);
    assert.equal(await engine.messagesWaiting(), 0);
  });

  it('every message lost: whoever asks for the run has it go on, once in a lease’s time', async () => {
    await using engine = await testEngine();
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    await engine.loseMessages();
    const { run: record } = await stored(engine, run);
    await rescueRun(engine.services, record);
    assert.equal(await engine.messagesWaiting(), 1, 'nothing is done before the run is overdue');
    const late = { ...engine.services, clock: { now: () => Date.now() + 40_000 } };
    await Promise.all([1, 2, 3].map(() => rescueRun(late, record)));
    await rescueRun(late, (await stored(engine, run)).run);
    assert.equal(await engine.messagesWaiting(), 2);
    await engine.pump();
    await assertAnsweredOnce(engine, run);
  });

  it('about a run that is never born end soon; a run that is born late is found', async () => {
    await using engine = await testEngine({ RUN_LEASE_SECONDS: '1' });
    const unborn = { threadId: newId('thread', Date.now()), runId: newId('run', Date.now()) };
    await handleRunMessage(engine.services, { ...unborn, kind: 'watch' });
    assert.equal(await engine.messagesWaiting(), 1);
    const later = { ...engine.services, clock: { now: () => Date.now() + 120_000 } };
    await handleRunMessage(later, { ...unborn, kind: 'watch' });
    assert.equal(await engine.messagesWaiting(), 1);
  });

  it('that failed too often end their run as failed', async () => {
    await using engine = await testEngine();
    const run = await engine.aRun();
    await failPoisonedRun(engine.services, messageOf(run));
    const { run: failed, activeRunId } = await stored(engine, run);
    assert.equal(failed.object.status, 'failed');
    assert.equal(failed.object.last_error?.code, 'server_error');
    assert.equal(activeRunId, '');
    await failPoisonedRun(engine.services, messageOf(run));
    await engine.pump();
    assert.equal(await engine.messagesWaiting(), 0);
    await assertUsable(engine, run);
  });

  it('that failed too often leave a run alone that somebody works on, or that waits for its caller', async () => {
    await using engine = await testEngine();
    const waiting = await aWaitingRun(engine);
    await failPoisonedRun(engine.services, messageOf(waiting, 'watch'));
    assert.equal((await stored(engine, waiting)).run.object.status, 'requires_action');
    assert.equal(await engine.messagesWaiting(), 2, 'its expiry still has a watchdog');
    const run = await engine.aRun();
    const claimed = await claim(engine, run, 'somebody');
    await failPoisonedRun(engine.services, messageOf(run));
    assert.equal((await stored(engine, run)).run.object.status, 'in_progress');
    claimed?.stop();
  });

  it('a fault of ours: the lease is given back, the message is delivered again', async () => {
    await using engine = await testEngine();
    const run = await engine.aRun();
    const broken = {
      complete() {
        throw new TypeError('a bug');
      },
    } as never;
    await assert.rejects(handleRunMessage({ ...engine.services, model: broken }, messageOf(run)), /a bug/);
    const { run: after } = await stored(engine, run);
    assert.deepEqual([after.object.status, after.work.leaseOwner], ['in_progress', '']);
    assert.equal(await engine.messagesWaiting(), 2, 'no message is added: there would be ever more');
    engine.model.add({ text: 'answer' });
    await engine.pump();
    await assertAnsweredOnce(engine, run);
  });

  it('a run that fails whoever takes it is given up in the end', async () => {
    await using engine = await testEngine();
    const run = await engine.aRun();
    const broken = {
      complete() {
        throw new TypeError('a bug');
      },
    } as never;
    const services = { ...engine.services, model: broken };
    let faults = 0;
    await eventually('the end of the run', async () => {
      await handleRunMessage(services, messageOf(run)).catch(() => faults++);
      return (await stored(engine, run)).run.object.status === 'failed';
    });
    assert.equal(faults, 10);
    assert.equal((await stored(engine, run)).activeRunId, '');
  });

  it('a thread deleted under a live run takes the run with it', async () => {
    await using engine = await testEngine();
    engine.model.add({ text: 'Half', pieces: ['stall'] });
    const run = await engine.aRun();
    const pumped = engine.pump();
    await engine.model.received(1);
    assert.equal(await deleteThread(engine.services, PROJECT, run.threadId), true);
    await pumped;
    const { stores } = engine.services;
    assert.equal(await stores.runs.get(PROJECT, run.threadId, run.runId), undefined);
    assert.deepEqual(await stores.runSteps.ofRun(run.threadId, run.runId), []);
    assert.equal(await engine.model.requests[0]?.closed, true);
  });

  it('a thread deleted while its run ends leaves no rows behind', async () => {
    await using engine = await testEngine();
    for (let round = 0; round < 5; round++) {
      engine.model.add({ text: 'answer' });
      const run = await engine.aRun();
      const pumped = engine.pump();
      await engine.model.received(round + 1);
      await deleteThread(engine.services, PROJECT, run.threadId);
      await pumped;
      const { stores } = engine.services;
      assert.equal(await stores.runs.get(PROJECT, run.threadId, run.runId), undefined);
      const left = await stores.messages.list(run.threadId, { limit: 10, order: 'desc' });
      assert.deepEqual(left.data, []);
    }
  });
});

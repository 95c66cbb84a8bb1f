import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ClaimedRun } from '../../shared/engine/claim/claimed-run.ts';
import { handleRunMessage } from '../../shared/engine/handle-run-message.ts';
import { lookAfterRun } from '../../shared/engine/look-after-run.ts';
import { type RunIds, type TestEngine, testEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { assertAnsweredOnce, aWaitingRun, messageOf, pumpUntil, stored } from './scenario.ts';

/** Asks for the run as one who comes so much later. */
async function ask({ services }: TestEngine, run: RunIds, laterMs = 0, drain = services.drain) {
  const record = await services.stores.runs.get('test', run.threadId, run.runId);
  assert.ok(record);
  const clock = { now: () => Date.now() + laterMs };
  return lookAfterRun({ ...services, clock, drain }, record);
}

const completed = (engine: TestEngine, run: RunIds) =>
  eventually('a completed run', async () => (await stored(engine, run)).run.object.status === 'completed');

describe('a run that no worker of the queue has taken up', { concurrency: true }, () => {
  it('is left to the queue at first, and advanced by whoever asks for it later', async () => {
    await using engine = await testEngine({ RUN_OVERTAKE_SECONDS: '20' });
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    assert.equal((await ask(engine, run, 15_000)).object.status, 'queued');
    assert.equal((await ask(engine, run, 21_000)).object.status, 'in_progress');
    await completed(engine, run);
    await assertAnsweredOnce(engine, run);
  });

  it('is advanced once, however many ask and however late its message comes', async () => {
    await using engine = await testEngine();
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    await Promise.all([
      ...[1, 2, 3, 4, 5, 6].map(() => ask(engine, run, 2_000)),
      handleRunMessage(engine.services, messageOf(run)),
    ]);
    await completed(engine, run);
    await engine.pump();
    await handleRunMessage(engine.services, messageOf(run, 'watch'));
    engine.model.assertDone();
    await assertAnsweredOnce(engine, run);
    assert.equal(await engine.messagesWaiting(), 0);
  });

  it('is found by its watchdog where the process that overtook it dies', async () => {
    await using engine = await testEngine({ RUN_LEASE_SECONDS: '1' });
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    await engine.loseMessages();
    const row = await engine.services.stores.runs.rowOfAny(run.threadId, run.runId);
    assert.ok(row);
    const dead = await ClaimedRun.claim(engine.services, row, 'the process that was asked', null);
    dead?.stop();
    await pumpUntil(engine, run, 'completed');
    await assertAnsweredOnce(engine, run);
    assert.equal(await engine.messagesWaiting(), 0);
  });

  it('goes on as well where its worker died, as soon as its lease is over', async () => {
    await using engine = await testEngine();
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    await engine.loseMessages();
    const row = await engine.services.stores.runs.rowOfAny(run.threadId, run.runId);
    assert.ok(row);
    (await ClaimedRun.claim(engine.services, row, 'dead', null))?.stop();
    await ask(engine, run, 29_000);
    assert.equal((await stored(engine, run)).run.work.leaseOwner, 'dead');
    await ask(engine, run, 32_000);
    await completed(engine, run);
    await assertAnsweredOnce(engine, run);
  });

  it('stays with the queue where this process ends, or has its hands full', async () => {
    await using engine = await testEngine();
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    assert.equal((await ask(engine, run, 5_000, AbortSignal.abort())).object.status, 'queued');
    const { inProgress } = engine.services;
    const { promise, resolve } = Promise.withResolvers<void>();
    const busy = Array.from({ length: 24 }, () => inProgress.track(promise.then()));
    assert.equal((await ask(engine, run, 5_000)).object.status, 'queued');
    resolve();
    await Promise.all(busy);
    await engine.pump();
    await assertAnsweredOnce(engine, run);
  });

  it('is none that waits for its caller', async () => {
    await using engine = await testEngine();
    const run = await aWaitingRun(engine);
    assert.equal((await ask(engine, run, 60_000)).object.status, 'requires_action');
  });
});

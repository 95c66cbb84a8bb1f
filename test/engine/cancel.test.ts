import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { cancelRun } from '../../shared/engine/cancel-run.ts';
import { PROJECT, testEngine } from '../support/engine.ts';
import {
  assertUsable,
  aWaitingRun,
  giveOutput,
  outline,
  place,
  pumpUntil,
  stored,
  textOf,
} from './scenario.ts';

describe('cancelling a run', { concurrency: true }, () => {
  it('that waits in the queue ends it at once, and its messages find nothing to do', async () => {
    await using engine = await testEngine();
    const run = await engine.aRun();
    const cancelled = await cancelRun(engine.services, place(run));
    assert.equal(cancelled.object.status, 'cancelled');
    assert.ok(cancelled.object.cancelled_at);
    await engine.pump();
    assert.equal(engine.model.requests.length, 0);
    assert.equal(await engine.messagesWaiting(), 0);
    await assertUsable(engine, run);
  });

  it('while the model writes stops the model and keeps what it wrote', async () => {
    await using engine = await testEngine();
    engine.model.add({ text: ['Half', ' an answer'], pieces: ['stall'] });
    const run = await engine.aRun();
    const pumped = engine.pump();
    await engine.model.received(1);
    assert.equal((await cancelRun(engine.services, place(run))).object.status, 'cancelling');
    await pumped;
    const { run: after, steps, messages, activeRunId } = await stored(engine, run);
    assert.equal(after.object.status, 'cancelled');
    assert.deepEqual(outline(steps), ['message_creation cancelled']);
    assert.equal(textOf(messages.at(-1)), 'Half an answer');
    assert.equal(messages.at(-1)?.object.incomplete_details?.reason, 'run_cancelled');
    assert.equal(activeRunId, '');
    assert.equal(await engine.model.requests[0]?.closed, true);
    assert.equal(await engine.messagesWaiting(), 0);
    await assertUsable(engine, run);
  });

  it('while it waits for a busy model ends it without asking again', async () => {
    await using engine = await testEngine();
    engine.model.add({ error: { status: 429, headers: { 'retry-after': '30' } } });
    const run = await engine.aRun();
    const pumped = engine.pump();
    await engine.model.received(1);
    await cancelRun(engine.services, place(run));
    await pumped;
    assert.equal((await stored(engine, run)).run.object.status, 'cancelled');
    assert.equal(engine.model.requests.length, 1);
  });

  it('that waits for outputs ends it at once, and outputs come too late', async () => {
    await using engine = await testEngine();
    const run = await aWaitingRun(engine);
    const cancelled = await cancelRun(engine.services, place(run));
    assert.equal(cancelled.object.status, 'cancelled');
    assert.equal(cancelled.object.required_action, null);
    const { steps, activeRunId } = await stored(engine, run);
    assert.deepEqual(outline(steps), ['tool_calls cancelled']);
    assert.equal(activeRunId, '');
    assert.equal(await engine.messagesWaiting(), 0);
    await assert.rejects(giveOutput(engine, run), {
      status: 400,
      message: 'Runs in status "cancelled" do not accept tool outputs.',
    });
    await assertUsable(engine, run);
  });

  it('twice is the same as once; after its end it is refused', async () => {
    await using engine = await testEngine();
    engine.model.add({ pieces: ['stall'] }, { text: 'done' });
    const run = await engine.aRun();
    const pumped = engine.pump();
    await engine.model.received(1);
    const both = await Promise.allSettled([1, 2].map(() => cancelRun(engine.services, place(run))));
    // The worker may be done with the first before the second is looked at.
    const ends = both.map((one) =>
      one.status === 'fulfilled' ? one.value.object.status : one.reason.message,
    );
    for (const end of ends) assert.match(end, /^cancelling$|^cancelled$|with status 'cancelled'\.$/);
    assert.ok(both.some(({ status }) => status === 'fulfilled'));
    await pumped;
    await assert.rejects(cancelRun(engine.services, place(run)), {
      status: 400,
      message: "Cannot cancel run with status 'cancelled'.",
    });
    const done = await engine.aRun();
    await engine.pump();
    await assert.rejects(cancelRun(engine.services, place(done)), {
      status: 400,
      message: "Cannot cancel run with status 'completed'.",
    });
  });

  it('with its last write ends it once, one way or the other', async () => {
    await using engine = await testEngine();
    for (let round = 0; round < 10; round++) {
      engine.model.add({ text: 'an answer' });
      const run = await engine.aRun();
      const pumped = engine.pump();
      await engine.model.received(round + 1);
      await cancelRun(engine.services, place(run)).catch((error: unknown) => {
        assert.match(String(error), /Cannot cancel run with status 'completed'/);
      });
      await pumped;
      const { run: after, messages, steps, activeRunId } = await stored(engine, run);
      const { status } = after.object;
      assert.match(status, /^(completed|cancelled)$/);
      const written = messages.filter(({ object }) => object.run_id === run.runId);
      if (status === 'completed') assert.deepEqual(written.map(textOf), ['an answer']);
      for (const { object } of written)
        assert.equal(object.status, status === 'completed' ? 'completed' : 'incomplete');
      for (const { object } of steps) assert.equal(object.status, status);
      assert.equal(activeRunId, '');
    }
    assert.equal(await engine.messagesWaiting(), 0);
  });

  it('whose worker died ends it when the lease has run out', async () => {
    await using engine = await testEngine({ RUN_LEASE_SECONDS: '1' });
    const run = await engine.aRun();
    await engine.loseMessages();
    const { stores } = engine.services;
    const row = await stores.runs.rowOfAny(run.threadId, run.runId);
    assert.ok(row);
    const work = { ...row.document.work, leaseOwner: 'dead', leaseUntil: Date.now() + 1500 };
    const object = { ...row.document.object, status: 'in_progress' as const };
    await stores.runs.save(row, { ...row.document, object, work });
    assert.equal((await cancelRun(engine.services, place(run))).object.status, 'cancelling');
    const { activeRunId } = await pumpUntil(engine, run, 'cancelled');
    assert.equal(activeRunId, '');
    assert.equal((await stores.threads.get(PROJECT, run.threadId))?.state.activeRunId, '');
    assert.equal(await engine.messagesWaiting(), 0);
    assert.equal(engine.model.requests.length, 0);
  });
});

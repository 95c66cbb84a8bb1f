import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { rescueRun } from '../../shared/engine/rescue-run.ts';
import { testEngine } from '../support/engine.ts';
import { assertUsable, aWaitingRun, giveOutput, outline, pumpUntil, stored, textOf } from './scenario.ts';

const later = { now: () => Date.now() + 610_000 };

describe('a run whose time is up', { concurrency: true }, () => {
  it('expires while it waits for outputs, though nobody asks for it', async () => {
    await using engine = await testEngine({ RUN_TTL_SECONDS: '5' });
    const run = await aWaitingRun(engine);
    const { run: expired, steps, activeRunId } = await pumpUntil(engine, run, 'expired');
    assert.deepEqual(outline(steps), ['tool_calls expired']);
    assert.equal(expired.object.required_action, null);
    assert.equal(expired.object.expires_at, null);
    assert.ok(expired.object.usage);
    assert.equal(activeRunId, '');
    assert.equal(await engine.messagesWaiting(), 0);
    await assert.rejects(giveOutput(engine, run), {
      status: 400,
      message: 'Runs in status "expired" do not accept tool outputs.',
    });
    await assertUsable(engine, run);
  });

  it('takes no outputs after its time, even before anybody noticed', async () => {
    await using engine = await testEngine();
    const run = await aWaitingRun(engine);
    await assert.rejects(giveOutput({ ...engine, services: { ...engine.services, clock: later } }, run), {
      status: 400,
      message: 'Runs in status "expired" do not accept tool outputs.',
    });
  });

  it('expires in the queue', async () => {
    await using engine = await testEngine({ RUN_TTL_SECONDS: '1', RUN_LEASE_SECONDS: '3' });
    const run = await engine.aRun();
    await engine.loseMessages();
    const { run: expired, activeRunId } = await pumpUntil(engine, run, 'expired');
    assert.equal(expired.object.started_at, null);
    assert.equal(activeRunId, '');
    assert.equal(await engine.messagesWaiting(), 0);
    engine.model.assertDone();
  });

  it('expires while a model that has stopped sending keeps it waiting', async () => {
    await using engine = await testEngine({ RUN_TTL_SECONDS: '4' });
    engine.model.add({ text: ['Half', ' a'], pieces: ['stall'] });
    const run = await engine.aRun();
    await engine.pump();
    const { run: expired, steps, messages, activeRunId } = await stored(engine, run);
    assert.equal(expired.object.status, 'expired');
    assert.deepEqual(outline(steps), ['message_creation expired']);
    const last = messages.at(-1);
    assert.equal(textOf(last), 'Half a');
    assert.equal(last?.object.status, 'incomplete');
    assert.equal(last?.object.incomplete_details?.reason, 'run_expired');
    assert.equal(activeRunId, '');
    assert.equal(await engine.model.requests[0]?.closed, true);
    assert.equal(await engine.messagesWaiting(), 0);
  });

  it('expires while it waits for a model that is always busy', async () => {
    await using engine = await testEngine({ RUN_TTL_SECONDS: '5' });
    engine.model.respond(() => ({ error: { status: 429, headers: { 'retry-after': '60' } } }));
    const run = await engine.aRun();
    const { run: ended } = await pumpUntil(engine, run, 'failed', 'expired');
    // The model asks for more patience than the run has: said at once rather than waited for.
    assert.equal(ended.object.status, 'failed');
    assert.equal(ended.object.last_error?.code, 'rate_limit_exceeded');
  });

  it('is expired by whoever asks for it, when no message about it came in time', async () => {
    await using engine = await testEngine();
    const run = await aWaitingRun(engine);
    const { run: before } = await stored(engine, run);
    await rescueRun({ ...engine.services, clock: later }, before);
    const { run: after, activeRunId } = await stored(engine, run);
    assert.equal(after.object.status, 'expired');
    assert.equal(activeRunId, '');
  });
});

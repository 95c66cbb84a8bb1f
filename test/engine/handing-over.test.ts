import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deleteThread } from '../../shared/chores/delete-thread.ts';
import { cancelRun } from '../../shared/engine/cancel-run.ts';
import { handleRunMessage } from '../../shared/engine/handle-run-message.ts';
import { PROJECT, type RunIds, type TestEngine, testEngine } from '../support/engine.ts';
import { assertAnsweredOnce, messageOf, place, pumpUntil, stored } from './scenario.ts';

describe('handing a run over', { concurrency: true }, () => {
  it('slices: what is not finished in time goes on by another message', async () => {
    await using engine = await testEngine({ RUN_SLICE_SECONDS: '1' });
    engine.model.add({ text: 'Half', pieces: ['stall'] }, { text: 'answer' });
    const run = await engine.aRun();
    await pumpUntil(engine, run, 'completed');
    await assertAnsweredOnce(engine, run);
    assert.equal(engine.model.requests.length, 2);
    assert.equal(await engine.messagesWaiting(), 0);
  });

  it('a process that is asked to stop gives its run up at once, whatever its lease', async () => {
    // Longer than anybody here waits.
    await using engine = await testEngine({ RUN_LEASE_SECONDS: '300' });
    engine.model.add({ text: 'Half', pieces: ['stall'] }, { text: 'answer' });
    const run = await engine.aRun();
    const drain = new AbortController();
    const stopping = { ...engine.services, drain: drain.signal };
    const handled = handleRunMessage(stopping, messageOf(run));
    await engine.model.received(1);
    await engine.loseMessages();
    drain.abort();
    await handled;
    await pumpUntil(engine, run, 'completed');
    await assertAnsweredOnce(engine, run);
    assert.equal(await engine.messagesWaiting(), 0);
  });

  it('a process that is asked to stop lets an answer end that is nearly there', async () => {
    await using engine = await testEngine();
    engine.model.add({ text: 'answer', delayMs: 100 });
    const run = await engine.aRun();
    const drain = new AbortController();
    const handled = handleRunMessage({ ...engine.services, drain: drain.signal }, messageOf(run));
    await engine.model.received(1);
    drain.abort();
    await handled;
    await assertAnsweredOnce(engine, run);
    engine.model.assertDone();
  });

  describe('a process that hands a run over', () => {
    /** What happens between the writing down of the last events and the giving back of the lease. */
    async function handOver(engine: TestEngine, run: RunIds, meanwhile: () => Promise<unknown>) {
      engine.model.add({ text: 'Half', pieces: ['stall'] });
      const drain = new AbortController();
      let happened = false;
      const openSink: typeof engine.services.openSink = (record) => {
        const sink = engine.services.openSink(record);
        const close = async () => {
          await sink.close();
          if (!happened) await meanwhile();
          happened = true;
        };
        return { ...sink, close };
      };
      const handled = handleRunMessage({ ...engine.services, drain: drain.signal, openSink }, messageOf(run));
      await engine.model.received(1);
      drain.abort();
      await handled;
    }

    it('ends it, when it was cancelled at that moment', async () => {
      await using engine = await testEngine();
      const run = await engine.aRun();
      await handOver(engine, run, () => cancelRun(engine.services, place(run)));
      const { run: after, activeRunId } = await stored(engine, run);
      assert.deepEqual([after.object.status, activeRunId], ['cancelled', '']);
    });

    it('leaves it alone, when its thread was deleted at that moment', async () => {
      await using engine = await testEngine();
      const run = await engine.aRun();
      await handOver(engine, run, () => deleteThread(engine.services, PROJECT, run.threadId));
      assert.equal(await engine.services.stores.runs.get(PROJECT, run.threadId, run.runId), undefined);
    });
  });
});

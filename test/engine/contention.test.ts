import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { handleRunMessage } from '../../shared/engine/handle-run-message.ts';
import type { RunMessage } from '../../shared/queue/run-queue.ts';
import type { Services } from '../../shared/services.ts';
import type { Runs } from '../../shared/store/runs.ts';
import { Conflict } from '../../shared/store/table.ts';
import { PROJECT, type RunIds, type TestEngine, testEngine } from '../support/engine.ts';
import { replaced } from '../support/replaced.ts';
import { outline, stored, textOf } from './scenario.ts';

const start = ({ threadId, runId }: RunIds): RunMessage => ({ threadId, runId, kind: 'start' });

/** Services whose worker reads a run, and then `times` times finds that a caller has changed its metadata since. */
function contended({ services }: TestEngine, times: number): Services {
  let changes = 0;
  const { runs } = services.stores;
  const rowOfAny: Runs['rowOfAny'] = async (threadId, runId) => {
    const read = await runs.rowOfAny(threadId, runId);
    if (changes < times) {
      changes++;
      await runs.updateMetadata(PROJECT, threadId, runId, (record) => ({
        ...record,
        object: { ...record.object, metadata: { change: String(changes) } },
      }));
    }
    return read;
  };
  return { ...services, stores: { ...services.stores, runs: replaced(runs, { rowOfAny }) } };
}

describe('a run that a caller changes while a worker takes it', { concurrency: true }, () => {
  it('is taken all the same, at once, and keeps the change', async () => {
    await using engine = await testEngine();
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    await handleRunMessage(contended(engine, 3), start(run));
    const { run: after, messages } = await stored(engine, run);
    assert.equal(after.object.status, 'completed');
    assert.deepEqual(after.object.metadata, { change: '3' });
    assert.deepEqual(messages.map(textOf), ['Hello', 'answer']);
  });

  it('is taken by one of several workers, and answered once', async () => {
    await using engine = await testEngine();
    engine.model.add({ text: 'answer' });
    const run = await engine.aRun();
    const workers = [1, 2, 3, 4].map(() => contended(engine, 2));
    await Promise.all(workers.map((services) => handleRunMessage(services, start(run))));
    const { run: after, messages, steps } = await stored(engine, run);
    assert.equal(after.object.status, 'completed');
    assert.deepEqual(
      [messages.map(textOf), outline(steps)],
      [['Hello', 'answer'], ['message_creation completed']],
    );
    engine.model.assertDone();
  });

  it('expires at once when its time is up', async () => {
    await using engine = await testEngine();
    const run = await engine.aRun();
    const late = { ...contended(engine, 1), clock: { now: () => Date.now() + 700_000 } };
    await handleRunMessage(late, start(run));
    const { run: after, activeRunId } = await stored(engine, run);
    assert.deepEqual([after.object.status, activeRunId], ['expired', '']);
  });

  it('for ever is left to the next delivery of its message, which is not consumed', async () => {
    await using engine = await testEngine();
    const run = await engine.aRun();
    await assert.rejects(handleRunMessage(contended(engine, Number.POSITIVE_INFINITY), start(run)), Conflict);
    engine.model.add({ text: 'answer' });
    await handleRunMessage(engine.services, start(run));
    assert.equal((await stored(engine, run)).run.object.status, 'completed');
  });
});

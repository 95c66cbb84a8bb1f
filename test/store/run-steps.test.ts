import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { RunStepRecord } from '../../shared/api/run-step.ts';
import { MAX_STEPS } from '../../shared/api/run-step.ts';
import { newId } from '../../shared/ids.ts';
import { stepChange } from '../../shared/store/run-steps.ts';
import { DocumentTable } from '../../shared/store/table.ts';
import { testEngine } from '../support/engine.ts';

const ROWS = 100;

test('of more steps than are read at once, those of the newest runs are given', async () => {
  await using engine = await testEngine();
  const { stores, account } = engine.services;
  const threadId = newId('thread', Date.now());
  // Four runs of 300 steps, then the run that wants to know of them.
  const runs = [1, 2, 3, 4, 5].map((minute) => newId('run', minute * 60_000));
  const until = runs.pop()!;
  const changes = runs.flatMap((run) =>
    Array.from({ length: 300 }, (_, index) => {
      const object = { id: newId('step', index * 1000), run_id: run };
      return stepChange({ project: 'p', results: {}, object } as unknown as RunStepRecord);
    }),
  );
  assert.ok(changes.length > MAX_STEPS);
  const table = new DocumentTable(account.table('threads'), account.container('spill'));
  while (changes.length > 0) await table.commit(threadId, changes.splice(0, ROWS));
  const found = await stores.runSteps.ofRunsBefore(threadId, runs, until);
  const counts = Map.groupBy(found, ({ object }) => object.run_id);
  assert.deepEqual(
    [...counts].map(([run, steps]) => [run, steps.length]),
    runs.slice(2).map((run) => [run, 300]),
  );
});

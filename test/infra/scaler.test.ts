import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';

import {
  askedFor,
  instancesAsked,
  type Life,
  messagesOfRuns,
  startsInADay,
} from '../../infra/scale/scaler.ts';
import { HOUR, SECOND } from '../../shared/clock.ts';
import { sessionEnds } from '../../shared/sessions/session-ends.ts';
import { MemoryEndMarks, MemoryRemovalQueue } from '../support/session-store.ts';

const { queues } = JSON.parse(await readFile(new URL('../../host.json', import.meta.url), 'utf8'))
  .extensions as {
  queues: { batchSize: number; newBatchThreshold: number };
};
const atOnce = queues.batchSize + queues.newBatchThreshold;

/** The messages of the code that runs, with a clock of its own: when they are put and when they are due. */
async function endsOf(starts: readonly number[], processes: number): Promise<Life[]> {
  const queue = new MemoryRemovalQueue();
  const marks = new MemoryEndMarks();
  const clock = { time: 0, now: () => clock.time };
  const all = Array.from({ length: processes }, () => sessionEnds({ queue, marks, clock, ttlMs: HOUR }));
  const lives: Life[] = [];
  for (const [index, start] of starts.entries()) {
    clock.time = start * SECOND;
    const before = queue.ends.length;
    await all[index % processes]?.order(clock.time + HOUR);
    for (const { due } of queue.ends.slice(before)) lives.push({ from: start, to: due / SECOND });
  }
  return lives;
}

/** As it was: a message for each session, hidden until its end. */
const oneForEach = (starts: readonly number[]): Life[] =>
  starts.map((from) => ({ from, to: from + HOUR / SECOND + 30 }));

suite("what Azure's scaler makes of the queues", () => {
  test('the formula divides all messages by what an instance has in hand', () => {
    assert.equal(atOnce, 24);
    assert.deepEqual(
      [0, 1, 24, 25, 1_000].map((messages) => instancesAsked(messages, atOnce)),
      [0, 1, 1, 2, 42],
    );
  });

  test('a thousand sessions that live at once ask for one instance, where they asked for 42', async () => {
    const starts = Array.from({ length: 1_000 }, (_, n) => n * 3.6);
    assert.equal(askedFor(oneForEach(starts), atOnce).most, 42);
    assert.equal(askedFor(await endsOf(starts, 10), atOnce).most, 1);
  });

  test('a day of 10,000 runs and 1,000 sessions', async (t) => {
    const runs = askedFor(messagesOfRuns(startsInADay(10_000), 10), atOnce);
    const sessions = startsInADay(1_000);
    const before = askedFor(oneForEach(sessions), atOnce);
    const after = askedFor(await endsOf(sessions, 10), atOnce);
    t.diagnostic(JSON.stringify({ runs, before, after }));
    assert.equal(runs.most, 1);
    assert.equal(after.most, 1);
    assert.ok(before.most >= 3, `${before.most}`);
    const page = await readFile(new URL('../../docs/scale.md', import.meta.url), 'utf8');
    const shown = ({ most, instanceHours }: { most: number; instanceHours: number }) =>
      `${most} | ${instanceHours.toFixed(0)} |`;
    assert.ok(page.includes(`| session ends, a message each | ${shown(before)}`), shown(before));
    assert.ok(
      page.includes(`| session ends, a message for each part of an hour | ${shown(after)}`),
      shown(after),
    );
    assert.ok(page.includes(`| runs: a message in hand and a watchdog each | ${shown(runs)}`), shown(runs));
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { Turns } from '../../shared/store/retry-conflicts.ts';
import { Conflict } from '../../shared/store/table.ts';

/** A row that is read and written as storage does it: who read an older version conflicts. */
function contendedRow() {
  let version = 0;
  let attempts = 0;
  const change = async () => {
    attempts++;
    const read = version;
    await turn();
    if (version !== read) throw new Conflict('row');
    version++;
    return version;
  };
  return { change, attempts: () => attempts, version: () => version };
}

describe('turns', { concurrency: true }, () => {
  it('let writers of one key change it one after the other, each in a single attempt, in the order of asking', async () => {
    const turns = new Turns();
    const row = contendedRow();
    const order = await Promise.all(Array.from({ length: 64 }, () => turns.take('thread', row.change)));
    assert.deepEqual(
      order,
      Array.from({ length: 64 }, (_, i) => i + 1),
    );
    assert.equal(row.attempts(), 64);
  });

  it('let writers of different keys go at once', async () => {
    const turns = new Turns();
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = turns.take('a', () => promise);
    assert.equal(await turns.take('b', async () => 'b'), 'b');
    resolve();
    await held;
  });

  it('pass on when a writer fails, with its own error', async () => {
    const turns = new Turns();
    const failing = turns.take('a', async () => {
      throw new Error('storage is away');
    });
    const next = turns.take('a', async () => 'next');
    await assert.rejects(failing, /storage is away/);
    assert.equal(await next, 'next');
  });

  it('stop nobody for ever: who has waited long enough goes without', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const turns = new Turns();
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = turns.take('a', () => promise);
    const next = turns.take('a', async () => 'next');
    t.mock.timers.tick(60_000);
    assert.equal(await next, 'next');
    resolve();
    await held;
  });

  it('try again after a conflict with another process', async () => {
    const row = contendedRow();
    const [here, there] = await Promise.all([
      new Turns().take('thread', row.change),
      new Turns().take('thread', row.change),
    ]);
    assert.deepEqual([here, there].sort(), [1, 2]);
    assert.equal(row.version(), 2);
  });
});

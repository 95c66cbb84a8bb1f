import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';

import { published, wallsOf } from '../../infra/scale/limits.ts';
import { assumed, billed, costOf, transactionsPerRun } from '../../infra/scale/quantities.ts';

const page = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

suite('scale on paper', () => {
  test('the mix of runs is weighed by its share of code', () => {
    const half = {
      ...assumed,
      plainRunTransactions: 10,
      codeRunTransactions: 20,
      shareWithCode: 0.5,
      apiCallsPerRun: 1,
      transactionsPerApiCall: 3,
    };
    assert.equal(transactionsPerRun(half), 18);
  });

  test('a session is billed once for all the runs that share it', () => {
    const volume = {
      ...assumed,
      shareWithCode: 1,
      runsPerSession: 10,
      sessionHours: 1,
      sessionCpu: 2,
      sessionGb: 4,
    };
    const { sessionVcpuSeconds, sessionGbSeconds } = billed(100, volume);
    assert.deepEqual([sessionVcpuSeconds, sessionGbSeconds], [10 * 3600 * 2, 10 * 3600 * 4]);
  });

  test('a cost is the sum over all quantities, and a price that is missing is an error', () => {
    const quantities = billed(1_000, assumed);
    const one = Object.fromEntries(Object.keys(quantities).map((name) => [name, 1]));
    const sum = Object.values(quantities).reduce((total, value) => total + value, 0);
    assert.equal(costOf(quantities, one as never), sum);
    assert.throws(() => costOf(quantities, {} as never), /name no "storageTransactions"/);
  });

  test('docs/scale.md shows the walls that the limits give', async () => {
    const text = await page('scale.md');
    for (const { name, runsPerSecond } of wallsOf(assumed, published)) {
      const shown = runsPerSecond.toLocaleString('en', {
        maximumSignificantDigits: runsPerSecond < 10 ? 2 : 3,
      });
      const wall = name.replace(/ (and|per) region$/, '').replace(/ per hour$/, ' per hour');
      assert.match(text, new RegExp(`^\\| ${wall} .*\\| ${shown} \\|`, 'm'), `${wall}: ${shown}`);
    }
  });

  test('docs/operate.md shows the quantities of 1,000, 100,000 and 10 million runs', async () => {
    const row = (await page('operate.md')).match(/^\| storage transactions \|(.*)\|$/m)?.[1] ?? '';
    const shown = [1_000, 100_000, 10_000_000].map((runs) => {
      const millions = billed(runs, assumed).storageTransactions / 1e6;
      return `${millions < 100 ? millions.toFixed(1) : millions.toFixed(0)} million`;
    });
    assert.deepEqual(
      row.split('|').map((cell) => cell.trim()),
      shown,
    );
  });
});

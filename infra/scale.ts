import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { published, wallsOf } from './scale/limits.ts';
import { assumed, billed, costOf, type Prices, type Volume } from './scale/quantities.ts';

/**
 * `node infra/scale.ts [--costs FILE] [--prices FILE] [--places N]`: the tables of docs/operate.md and docs/scale.md, from what a
 * run costs in transactions and seconds, the published limits, and (for money) prices that you give.
 */
const { values } = parseArgs({
  options: { costs: { type: 'string' }, prices: { type: 'string' }, places: { type: 'string' } },
});

const costs: Volume = values.costs
  ? { ...assumed, ...(JSON.parse(await readFile(values.costs, 'utf8')) as Partial<typeof assumed>) }
  : assumed;
const prices = values.prices ? (JSON.parse(await readFile(values.prices, 'utf8')) as Prices) : undefined;

const number = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 3 });

console.log('Assumed per run:', JSON.stringify(costs, null, 1));
console.log('\nBilled a month:');
for (const runs of [1_000, 100_000, 10_000_000]) {
  const quantities = billed(runs, costs);
  const parts = Object.entries(quantities).map(([name, value]) => `${name} ${number(value)}`);
  console.log(`  ${number(runs)} runs: ${parts.join(', ')}`);
  if (prices)
    console.log(
      `    = ${costOf(quantities, prices).toFixed(2)} in the currency of the prices, without model tokens`,
    );
}
console.log('\nWalls, lowest first:');
for (const wall of wallsOf(costs, { ...published, places: Number(values.places ?? 1) })) {
  console.log(`  ${number(wall.runsPerSecond)} runs/s: ${wall.name}`);
}

/** `npm run bench [name …]`: figures of this machine, as ratios or against a yardstick measured in the same run. */
import { readdirSync } from 'node:fs';

import { type Benchmark, printedReport } from './report.ts';

const folder = new URL('./', import.meta.url);
const notBenchmarks = new Set(['main.ts', 'report.ts', 'chaos.ts']);
const asked = process.argv.slice(2);

for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts') && !notBenchmarks.has(name))) {
  const name = file.replace(/\.ts$/, '');
  if (asked.length > 0 && !asked.includes(name)) continue;
  const { run } = (await import(new URL(file, folder).href)) as { run?: Benchmark };
  if (!run) continue;
  console.log(`\n${name}`);
  await run(printedReport);
}

import { run } from 'node:test';
import { spec } from 'node:test/reporters';

import { nothing, type Tally } from './tally.ts';

const CONCURRENCY = 2;
/** Ten times what the slowest file needs on two cores. */
const FILE_MS = 8 * 60_000;
/** For what a file has to stop after its tests: whole hosts, which let their work end in order. */
const AFTERWARDS_MS = 60_000;

/** Every file in a process of its own, two at a time; results are printed as they come. */
export async function nodeTests(
  files: readonly string[],
  project: string,
  signal: AbortSignal,
  { fileMs = FILE_MS, afterwardsMs = AFTERWARDS_MS } = {},
): Promise<Tally> {
  if (files.length === 0) return nothing;
  let tally = nothing;
  const limits = new URL(`./file-deadline.ts?ms=${fileMs}&afterwards=${afterwardsMs}`, import.meta.url);
  const results = run({
    files: [...files],
    cwd: project,
    concurrency: CONCURRENCY,
    isolation: 'process',
    execArgv: ['--import', limits.href],
    signal,
  });
  results.on('test:summary', ({ file, counts }) => {
    // One summary for each file, then one without a name for all of them.
    if (file !== undefined) return;
    tally = {
      passed: counts.passed,
      failed: counts.tests - counts.passed - counts.skipped - counts.todo,
      skipped: counts.skipped + counts.todo,
    };
  });
  for await (const text of results.compose(new spec())) process.stdout.write(text as Buffer);
  return tally;
}

import { chmodSync, mkdtempSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { descendants, killProcess } from '../local/arm/process-tree.ts';
import { removeFolderSync } from '../local/arm/remove-folder.ts';
import { startAzurite } from '../local/azurite.ts';
import { findChromium, installChromium, NO_CHROMIUM } from '../local/setup/chromium.mjs';
import { exclusively } from '../local/setup/exclusively.mjs';
import { onStopRequest } from '../local/stop-request.ts';
import { fastFiles } from './runner/fast-files.ts';
import { nodeTests } from './runner/node-tests.ts';
import { pythonTests } from './runner/python-tests.ts';
import { staticChecks } from './runner/static-checks.ts';
import { add, isGood, nothing, showTally } from './runner/tally.ts';

/**
 * `npm test`: types, lint, the session agent's tests, then test/**\/*.test.ts on one shared Azurite.
 * `npm test -- test/store` (files or folders) runs only those. `npm run test:fast` runs types, lint, and those files
 * that need nothing beside their own process. The last line is `N passed, N failed`.
 */
const project = fileURLToPath(new URL('..', import.meta.url));
const fast = process.argv[2] === '--fast';
const chosen = process.argv.slice(fast ? 3 : 2);
const startedAt = performance.now();
let tally = nothing;
const stopped = new AbortController();
onStopRequest(async () => {
  stopped.abort();
  process.exit(130);
});
// Tests that fail or hang leave files behind, and some that pass: all of them go together. The name is short, for
// the sake of Unix sockets, and users of sandboxes pass through.
const temporary = mkdtempSync(join(tmpdir(), 'hg-'));
chmodSync(temporary, 0o711);
process.env.TMPDIR = temporary;
process.on('exit', () => {
  try {
    removeFolderSync(temporary);
  } catch (error) {
    // Something of a stopped run still writes to it: no verdict hangs on that.
    process.stderr.write(`${String(error)}\n`);
  }
});
/** Several times what the suite takes: whatever hangs, there is a verdict, and nothing is left running. */
const SUITE_MINUTES = 40;
setTimeout(() => {
  process.stdout.write(
    `\nThe tests did not end within ${SUITE_MINUTES} min:\n${showTally(add(tally, { passed: 0, failed: 1, skipped: 0 }))}\n`,
  );
  for (const pid of descendants(process.pid)) killProcess(pid);
  process.exit(1);
}, SUITE_MINUTES * 60_000).unref();

async function testFiles(): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob('test/**/*.test.ts', { cwd: project })) files.push(file);
  const wanted = chosen.map((path) => relative(project, resolve(path)));
  const matches = (file: string) =>
    wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(`${path}/`));
  const all = files.filter(matches).sort();
  return fast ? fastFiles(all) : all;
}

if (chosen.length === 0) {
  tally = add(tally, await staticChecks(project, stopped.signal));
  if (!fast) tally = add(tally, await pythonTests(project, stopped.signal));
}
const files = await testFiles();
if (files.some((file) => file.startsWith('test/playground/')) && !findChromium()) {
  await exclusively(installChromium, findChromium);
  if (!findChromium()) process.stdout.write(`Tests in a browser are skipped: ${NO_CHROMIUM}\n`);
}
// In memory: what the tests leave behind is gone with it.
const azurite = process.env.TEST_STORAGE || fast ? undefined : await startAzurite();
process.env.TEST_STORAGE ??= azurite?.connectionString;
try {
  tally = add(tally, await nodeTests(files, project, stopped.signal));
} finally {
  await azurite?.stop();
}
const seconds = Math.round((performance.now() - startedAt) / 1000);
process.stdout.write(`\nIn ${seconds} s:\n${showTally(tally)}\n`);
process.exitCode = isGood(tally) ? 0 : 1;

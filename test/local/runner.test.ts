/** What `npm test` makes of a test file that does not end. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { startNodeChild } from '../../local/child-process.ts';
import { isAlive } from './processes.ts';

const folder = await mkdtemp(join(tmpdir(), 'hourglass-runner-'));
after(() => rm(folder, { recursive: true }));

/** Ignores SIGTERM, never ends its hook, and has started somebody who holds its output open. */
const HANGS = `
import { spawn } from 'node:child_process';
import { after, test } from 'node:test';
test('passes', () => {});
after(() => new Promise(() => {
  process.on('SIGTERM', () => undefined);
  const child = spawn('sleep', ['600'], { stdio: 'inherit' });
  process.stdout.write('child ' + child.pid + '\\n');
  setInterval(() => undefined, 1000);
}));
`;
const RUNNER = `
import { nodeTests } from '${new URL('../runner/node-tests.ts', import.meta.url).href}';
const files = ['hangs.test.mjs', 'ends.test.mjs'];
console.log(JSON.stringify(await nodeTests(files, '${folder}', new AbortController().signal, 1500)));
`;

test('a file that hangs is a failure with its name, its processes are ended, and the others count', async () => {
  await writeFile(join(folder, 'hangs.test.mjs'), HANGS);
  await writeFile(
    join(folder, 'ends.test.mjs'),
    "import { test } from 'node:test';\ntest('also passes', () => undefined);\n",
  );
  await writeFile(join(folder, 'main.mjs'), RUNNER);
  let output = '';
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const runner = startNodeChild({
    args: [join(folder, 'main.mjs')],
    env,
    onStdout: (text) => {
      output += text;
    },
    onStderr: (text) => {
      output += text;
    },
  });
  assert.equal(await runner.exited, 0, output);
  assert.match(output, /hangs\.test\.mjs did not end within 1\.5 s; it is held by: .*Timeout/);
  assert.match(output, /\{"passed":2,"failed":1,"skipped":0\}/);
  assert.equal(await isAlive(Number(/child (\d+)/.exec(output)?.[1])), false);
});

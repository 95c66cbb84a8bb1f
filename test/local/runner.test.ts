/** What `npm test` makes of a test file that does not end. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

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
/** Fails between two starts, as a `before` may, so that its `after` fails, too. */
const LEAVES = `
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
let first, second;
before(() => {
  first = spawn('sleep', ['600'], { stdio: 'inherit' });
  process.stdout.write('child ' + first.pid + '\\n');
  throw new Error('no second');
});
after(() => {
  second.kill();
  first.kill();
});
test('never', () => {});
`;
const ENDS = "import { test } from 'node:test';\ntest('also passes', () => undefined);\n";

/** What the runner prints of a file, and of one that ends as it should. */
async function run(source: string, limits: object): Promise<{ output: string; child: number }> {
  await writeFile(join(folder, 'file.test.mjs'), source);
  await writeFile(join(folder, 'ends.test.mjs'), ENDS);
  const runner = `
    import { nodeTests } from '${new URL('../runner/node-tests.ts', import.meta.url).href}';
    const files = ['file.test.mjs', 'ends.test.mjs'];
    const { signal } = new AbortController();
    console.log(JSON.stringify(await nodeTests(files, '${folder}', signal, ${JSON.stringify(limits)})));`;
  await writeFile(join(folder, 'main.mjs'), runner);
  const output = await printed([join(folder, 'main.mjs')]);
  return { output, child: Number(/child (\d+)/.exec(output)?.[1]) };
}

async function printed(args: readonly string[], changes: Record<string, string> = {}): Promise<string> {
  let output = '';
  const add = (text: string) => {
    output += text;
  };
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = startNodeChild({ args, env: { ...env, ...changes }, onStdout: add, onStderr: add });
  assert.equal(await child.exited, 0, output);
  return output;
}

test('a file that hangs is a failure with its name, its processes are ended, and the others count', async () => {
  const { output, child } = await run(HANGS, { fileMs: 1500 });
  assert.match(output, /file\.test\.mjs did not end within 1\.5 s; it is held by: .*Timeout/);
  assert.match(output, /\{"passed":2,"failed":1,"skipped":0\}/);
  assert.equal(await isAlive(child), false);
});

test('a file that leaves something running after its tests does not keep the others waiting', async () => {
  const { output, child } = await run(LEAVES, { afterwardsMs: 500 });
  assert.match(output, /file\.test\.mjs did not end within 0\.5 s after its tests; it is held by: .*Process/);
  assert.match(output, /"passed":1,"failed":[1-9]/);
  assert.equal(await isAlive(child), false);
});

test('what tests put into the folder for temporary files is removed with it', async () => {
  const temporary = await mkdtemp(join(folder, 'tmp-'));
  const file = new URL('./host-json.test.ts', import.meta.url);
  const args = [new URL('../run.ts', import.meta.url), file].map((url) => fileURLToPath(url));
  const output = await printed(args, { TMPDIR: temporary, TEST_STORAGE: 'none' });
  assert.match(output, /\d passed, 0 failed/);
  assert.deepEqual(await readdir(temporary), []);
});

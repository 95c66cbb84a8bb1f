import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { startNodeChild } from '../../local/child-process.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive } from './processes.ts';

const folder = await mkdtemp(join(tmpdir(), 'hourglass-children-'));

async function script(name: string, source: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, source);
  return file;
}

const waits = await script('waits.mjs', 'setInterval(() => {}, 1000);');

test('a child ends when its parent is killed without a chance to say good-bye', async () => {
  const source = `
    import { startNodeChild } from ${JSON.stringify(import.meta.resolve('../../local/child-process.ts'))};
    const child = startNodeChild({ args: [${JSON.stringify(waits)}] });
    console.log(child.pid);`;
  const parent = spawn(process.execPath, [await script('parent.mjs', source)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
  const pid = Number(line);
  assert.ok(await isAlive(pid));
  parent.kill('SIGKILL');
  await eventually('the child to end', async () => !(await isAlive(pid)));
});

test('stopping waits for the end, and insists when the child does not listen', async () => {
  const deaf = await script(
    'deaf.mjs',
    "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready');",
  );
  const ready = Promise.withResolvers<void>();
  const child = startNodeChild({ args: [deaf], onStdout: () => ready.resolve() });
  await ready.promise;
  await child.stop(100);
  assert.equal(await child.exited, 'SIGKILL');
  assert.equal(await isAlive(child.pid), false);
});

test('an unreferenced child does not keep its parent, and ends with it', async () => {
  const source = `
    import { startNodeChild } from ${JSON.stringify(import.meta.resolve('../../local/child-process.ts'))};
    const child = startNodeChild({ args: [${JSON.stringify(waits)}] });
    child.unref();
    console.log(child.pid);`;
  const parent = spawn(process.execPath, [await script('unref.mjs', source)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
  if (parent.exitCode === null) await once(parent, 'exit');
  await eventually('the child to end', async () => !(await isAlive(Number(line))));
});

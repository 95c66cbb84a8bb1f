/** The end of the app's process by a signal, without a host that would end it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, test } from 'node:test';

const project = new URL('../..', import.meta.url);
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** A process that has loaded the app and would live on. */
async function app(more = ''): Promise<ChildProcess> {
  const script = `
    import './test/support/without-host.ts';
    await import('./functions/app.ts');
    ${more}
    setInterval(() => {}, 1000);
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) if (line === 'ready') break;
  return child;
}

test('SIGTERM ends a process that nobody else ends', async () => {
  const child = await app();
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
});

test('whoever else listens to the signal ends the process in its own way', async () => {
  const child = await app("process.on('SIGTERM', () => setTimeout(() => process.exit(7), 200));");
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [7, null]);
});

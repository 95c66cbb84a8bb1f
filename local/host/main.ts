import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { startFunctionsHost } from './functions-host.ts';
import { describeError } from './log.ts';

/**
 * Runs one Functions app:
 * `node local/host/main.ts [--root .] [--port 0] [--functions 'functions/*.ts'] [--drain-seconds 25]`.
 * Prints one JSON line `{"listening": "http://127.0.0.1:PORT"}` on standard output; logs go to standard error.
 * `--cold-queue-seconds 30`: queues are looked at as by an app that is scaled to zero and takes so long to wake.
 * SIGTERM or SIGINT lets running functions finish; a second one ends at once.
 */
const { values } = parseArgs({
  options: {
    root: { type: 'string', default: '.' },
    port: { type: 'string', default: '0' },
    functions: { type: 'string' },
    'drain-seconds': { type: 'string', default: '25' },
    'cold-queue-seconds': { type: 'string', default: '0' },
  },
});

try {
  const root = resolve(values.root);
  const host = await startFunctionsHost({
    root,
    pattern: values.functions ?? (await mainOf(root)),
    port: Number(values.port),
    environment: process.env,
    coldQueueMs: Number(values['cold-queue-seconds']) * 1000,
  });
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    host.log.write('information', 'host', `${signal}: finishing what runs`);
    const left = await host.drain(Number(values['drain-seconds']) * 1000);
    if (left.length > 0) host.log.write('warning', 'host', `ended while running: ${left.join(', ')}`);
    process.exit(left.length > 0 ? 1 : 0);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
  process.stdout.write(`${JSON.stringify({ listening: host.url })}\n`);
} catch (error) {
  process.stderr.write(`The Functions host cannot start: ${describeError(error)}\n`);
  process.exit(1);
}

async function mainOf(root: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const main = typeof manifest === 'object' && manifest !== null && 'main' in manifest ? manifest.main : null;
  if (typeof main !== 'string') throw new Error(`${root}/package.json names no "main"`);
  return main;
}

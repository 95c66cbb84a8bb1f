import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { runningIn } from '../../local/data-dir.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive } from './processes.ts';

const script = fileURLToPath(new URL('../../local/start.ts', import.meta.url));

interface Started {
  readonly process: ChildProcess;
  readonly dataDir: string;
  /** Both channels. */
  output(): string;
  readonly exited: Promise<number | string>;
}

async function start(environment: Record<string, string> = {}): Promise<Started> {
  const dataDir = environment.DATA_DIR ?? (await mkdtemp(join(tmpdir(), 'hourglass-start-')));
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [script], {
    env: { PATH, HOME, PORT: '0', DATA_DIR: dataDir, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const channel of [child.stdout, child.stderr]) {
    channel.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return { process: child, dataDir, output: () => output, exited };
}

const urlIn = (started: Started) => /URL\s+(http:\S+)\/v1/.exec(started.output())?.[1];
const keyIn = (started: Started) => /Key\s+(\S+)/.exec(started.output())?.[1];

/** Waits until it says that it runs; fails early with what it said instead. */
async function running(started: Started): Promise<string> {
  return eventually(
    'the welcome',
    () => {
      if (started.process.exitCode !== null) throw new Error(started.output());
      return urlIn(started);
    },
    60_000,
  );
}

/** Everything below a process, by Linux's own account. */
async function descendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    const status = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const parent = /\) \S (\d+) /.exec(status)?.[1];
    if (parent) parents.set(Number(entry), Number(parent));
  }
  const below = (of: number): number[] =>
    [...parents].filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

const linuxOnly = process.platform === 'linux' ? false : 'reads /proc';

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`it answers with the printed key, and ${signal} leaves no process`, { skip: linuxOnly }, async () => {
    const started = await start();
    const url = await running(started);
    const key = keyIn(started) ?? '';
    const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /"demo"/);
    assert.equal((await fetch(`${url}/v1/models`)).status, 401);
    assert.ok(started.output().includes(`Open   ${url}/#key=${key}\n`));
    assert.match(await (await fetch(`${url}/`)).text(), /<title>Hourglass playground/);
    assert.deepEqual(await runningIn(started.dataDir), { url, apiKey: key });

    const children = await descendants(started.process.pid!);
    assert.ok(children.length >= 2, 'the host and Azurite');
    started.process.kill(signal);
    assert.equal(await started.exited, 0, started.output());
    assert.equal(await runningIn(started.dataDir), undefined);
    for (const child of children) await eventually(`${child} to end`, async () => !(await isAlive(child)));
    // Azurite was closed in order: its data is on disk.
    assert.ok((await readdir(join(started.dataDir, 'azurite'))).some((name) => name.includes('table')));
  });
}

test('killed without notice, it takes everything along', { skip: linuxOnly }, async () => {
  const started = await start();
  await running(started);
  const children = await descendants(started.process.pid!);
  started.process.kill('SIGKILL');
  for (const child of children) await eventually(`${child} to end`, async () => !(await isAlive(child)));
});

test('a port that is taken is said plainly, before anything starts', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as import('node:net').AddressInfo;
  const started = await start({ PORT: String(port) });
  assert.equal(await started.exited, 1);
  assert.match(started.output(), new RegExp(`Port ${port} is in use by another program.*PORT=${port + 1}`));
  assert.doesNotMatch(started.output(), /Starting/);
  server.close();
});

test('a port that is none is said plainly', async () => {
  const started = await start({ PORT: '70000' });
  assert.equal(await started.exited, 1);
  assert.match(started.output(), /PORT=70000 is no port/);
});

for (const dataDir of ['/proc/x', '/proc/1/x/y', '/etc/passwd/x']) {
  test(`DATA_DIR=${dataDir} ends the start at once, with the setting's name`, {
    skip: linuxOnly,
  }, async () => {
    const started = await start({ DATA_DIR: dataDir });
    assert.equal(await started.exited, 1);
    assert.match(
      started.output(),
      new RegExp(`cannot start: DATA_DIR: the folder ${dataDir} cannot be used \\(E`),
    );
    assert.doesNotMatch(started.output(), /Starting/);
  });
}

test('when what started it is killed without notice, it ends whole', { skip: linuxOnly }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'hourglass-start-'));
  const { PATH = '', HOME = '' } = process.env;
  // Stands for npm, or for the set-up under an older Node.
  const starter = spawn('/bin/sh', ['-c', 'HOURGLASS_STARTER=$$ "$NODE" "$SCRIPT" & wait'], {
    env: { PATH, HOME, PORT: '0', DATA_DIR: dataDir, NODE: process.execPath, SCRIPT: script },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const channel of [starter.stdout, starter.stderr]) {
    channel.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await eventually('the welcome', () => /URL\s+(http:\S+)\/v1/.exec(output)?.[1], 60_000);
  const children = await descendants(starter.pid!);
  assert.ok(children.length >= 3, 'the emulation, the host and Azurite');
  starter.kill('SIGKILL');
  for (const child of children) {
    await eventually(`${child} to end`, async () => !(await isAlive(child)), 30_000);
  }
});

test('wrong settings are all said at once, without a stack, before anything starts', async () => {
  const started = await start({ OPENAI_BASE_URL: 'nonsense', RUN_TTL_SECONDS: 'soon' });
  assert.equal(await started.exited, 1);
  const told = started.output();
  assert.match(told, /OPENAI_BASE_URL: must be an http/);
  assert.match(told, /RUN_TTL_SECONDS: must be a number/);
  assert.equal(told.match(/cannot start/g)?.length, 1, told);
  assert.doesNotMatch(told, /^\s+at |Starting storage/m);
});

test('the key is kept, readable by its owner only; a second one on the same folder is refused', async () => {
  const first = await start();
  await running(first);
  const key = keyIn(first);
  assert.equal((await stat(join(first.dataDir, 'api-key'))).mode & 0o777, 0o600);
  const rival = await start({ DATA_DIR: first.dataDir });
  assert.equal(await rival.exited, 1);
  assert.match(rival.output(), /Another Hourglass uses/);
  first.process.kill('SIGKILL');
  await first.exited;

  const second = await start({ DATA_DIR: first.dataDir });
  await running(second);
  assert.equal(keyIn(second), key);
  second.process.kill('SIGTERM');
  assert.equal(await second.exited, 0);
});

test('when a part dies, the rest is stopped and the reason told', { skip: linuxOnly }, async () => {
  const started = await start();
  await running(started);
  for (const child of await descendants(started.process.pid!)) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('host/main.ts')) process.kill(child, 'SIGKILL');
  }
  assert.equal(await started.exited, 1);
  assert.match(started.output(), /The Functions host ended \(SIGKILL\)/);
});

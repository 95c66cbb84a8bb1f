import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { descendants, residentBytes } from '../../local/arm/process-tree.ts';
import { startAzurite } from '../../local/azurite.ts';
import { startNodeChild } from '../../local/child-process.ts';
import { startHostProcess } from '../../local/host-process.ts';
import { hostEnvironment } from '../../local/settings.ts';
import { findPython } from '../../local/setup/find-python.mjs';
import { startScriptedModel } from '../../test/support/scripted-model.ts';
import { milliseconds, type Report } from '../report.ts';
import { codeCalls } from './code-call.ts';

const MIB = 1024 * 1024;
const FILE_BYTES = 512 * MIB;
const SAMPLE_MS = 50;
const KEY = 'bench';
const COPY = `
import shutil
shutil.copy('/mnt/data/big.bin', '/mnt/data/copy.bin')
with open('/mnt/data/copy.bin', 'r+b') as file: file.write(b'changed')`;

/** 512 MB into a session and out of it; every part is a process of its own, so that its memory can be told. */
export async function measureLargeFile(report: Report): Promise<void> {
  await using parts = new AsyncDisposableStack();
  const started = <T extends { stop(): Promise<void> }>(part: T): T =>
    parts.adopt(part, (each) => each.stop());
  const dataDir = parts.adopt(await mkdtemp(join(tmpdir(), 'hourglass-bench-')), (folder) =>
    rm(folder, { recursive: true, force: true }),
  );
  const azurite = started(await startAzurite({ dataDir }));
  const model = started(await startScriptedModel());
  const emulator = started(await startEmulatorProcess());
  const environment = hostEnvironment(
    { ...process.env, OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'none' },
    { storage: azurite.connectionString, apiKeys: KEY, armUrl: emulator.url, demoModelUrl: undefined },
  );
  const host = started(await startHostProcess({ environment }));
  const client = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: KEY, timeout: 600_000 });
  const calls = await codeCalls(client, model);

  const threadId = await calls.newThread();
  const file_id = await upload(host.url, FILE_BYTES);
  // What every process needs once is not the file's doing.
  await calls.run(threadId, 'open("/mnt/data/small.txt", "w").write("small")');
  await client.beta.threads.messages.create(threadId, {
    role: 'user',
    content: 'Copy it',
    attachments: [{ file_id, tools: [{ type: 'code_interpreter' }] }],
  });
  const agents = (
    await Promise.all(descendants(emulator.pid).map(async (pid) => (await isAgent(pid)) && pid))
  )
    .filter((pid) => pid !== false)
    .map((pid) => ['agent', pid] as const);
  const watch = watchGrowth([['host', host.pid], ['emulator', emulator.pid], ...agents]);
  const [into = 0, out = 0] = await calls.run(
    threadId,
    'import os; os.path.getsize("/mnt/data/big.bin")',
    COPY,
  );
  const growth = watch.stop();
  const rate = (time: number) => `${Math.round(FILE_BYTES / MIB / (time / 1000))} MB/s`;
  report.row('512 MB into a session', milliseconds(into), rate(into));
  report.row('512 MB copied there and out of it', milliseconds(out), rate(out));
  for (const [name, bytes] of growth)
    report.row(`growth of the ${name}'s memory meanwhile`, `${Math.round(bytes / MIB)} MB`, '< 64 MB');
}

async function startEmulatorProcess(): Promise<{ url: string; pid: number; stop(): Promise<void> }> {
  const listening = Promise.withResolvers<string>();
  let printed = '';
  const child = startNodeChild({
    args: [fileURLToPath(new URL('../../local/arm/main.ts', import.meta.url))],
    env: { ...process.env, SESSION_PYTHON: findPython() },
    onStdout: (text) => {
      printed += text;
      if (printed.includes('\n')) listening.resolve((JSON.parse(printed) as { url: string }).url);
    },
    onStderr: (text) => {
      printed += text;
    },
  });
  const ended = child.exited.then((how) =>
    Promise.reject(new Error(`The emulator ended (${how}): ${printed}`)),
  );
  const url = await Promise.race([listening.promise, ended]);
  ended.catch(() => undefined); // Its end is awaited by stop.
  return { url, pid: child.pid, stop: () => child.stop() };
}

async function isAgent(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const [, option, module] = command.split('\0');
  return option === '-m' && module === 'agent';
}

/** Looks every 50 ms. @returns for each name, the largest growth of a process of that name, in bytes */
function watchGrowth(processes: readonly (readonly [name: string, pid: number])[]) {
  const before = new Map(processes.map(([, pid]) => [pid, residentBytes(pid)]));
  const growth = new Map(processes.map(([name]) => [name, 0]));
  const look = () => {
    for (const [name, pid] of processes) {
      const grown = residentBytes(pid) - (before.get(pid) ?? 0);
      growth.set(name, Math.max(growth.get(name) ?? 0, grown));
    }
  };
  const timer = setInterval(look, SAMPLE_MS);
  return {
    stop(): ReadonlyMap<string, number> {
      clearInterval(timer);
      look();
      return growth;
    },
  };
}

async function upload(hostUrl: string, bytes: number): Promise<string> {
  const boundary = 'hourglass-bench';
  const part = (name: string) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"`;
  async function* body() {
    yield Buffer.from(`${part('purpose')}\r\n\r\nassistants\r\n`);
    yield Buffer.from(
      `${part('file')}; filename="big.bin"\r\ncontent-type: application/octet-stream\r\n\r\n`,
    );
    for (let sent = 0; sent < bytes; sent += MIB) yield Buffer.alloc(MIB, sent / MIB);
    yield Buffer.from(`\r\n--${boundary}--\r\n`);
  }
  const response = await fetch(`${hostUrl}/v1/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: ReadableStream.from(body()),
    duplex: 'half',
  });
  const file = (await response.json()) as { id?: string; bytes?: number };
  if (!file.id || file.bytes !== bytes) throw new Error(`The upload failed: ${JSON.stringify(file)}`);
  return file.id;
}

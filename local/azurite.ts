import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { type NodeChild, startNodeChild } from './child-process.ts';

const START_TIMEOUT_MS = 60_000;
/** The account and key of every Azurite, published by its makers; they protect nothing. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface Azurite {
  readonly connectionString: string;
  readonly blobUrl: string;
  readonly queueUrl: string;
  readonly tableUrl: string;
  readonly pid: number;
  /** Resolves with the exit code or the signal's name. */
  readonly exited: Promise<number | string>;
  /** Stops in order (data is written to disk); resolves when the process is gone. */
  stop(): Promise<void>;
  /** SIGKILL, for tests of a storage outage. */
  kill(): Promise<void>;
  /** Lets this process end without stopping Azurite first, which then ends by itself. */
  unref(): void;
}

export interface AzuriteOptions {
  /** Where data is kept; made when missing. Without it everything lives in memory and ends with the process. */
  readonly dataDir?: string;
  /** Fixed ports, for a restart under the same connection string; free ones otherwise. */
  readonly ports?: { readonly blob: number; readonly queue: number; readonly table: number };
}

/**
 * Starts Azurite (blobs, queues, tables; telemetry off) on loopback as a child process that ends with this
 * one. Resolves when all three services listen.
 * @throws when it ends or does not listen within 60 s, with what it printed.
 */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const manifest = createRequire(import.meta.url).resolve('azurite/package.json');
  const entry = join(dirname(manifest), 'dist/src/azurite.js');
  if (options.dataDir) await mkdir(options.dataDir, { recursive: true });
  const { blob = 0, queue = 0, table = 0 } = options.ports ?? {};
  let output = '';
  const listening = Promise.withResolvers<void>();
  const child = startNodeChild({
    args: [
      entry,
      '--disableTelemetry',
      '--silent',
      // The blob SDK names a service version (2026-10-06) that this Azurite does not know yet.
      '--skipApiVersionCheck',
      ...['--blobPort', String(blob), '--queuePort', String(queue), '--tablePort', String(table)],
      ...(options.dataDir ? ['--location', options.dataDir] : ['--inMemoryPersistence']),
    ],
    // Azurite creates stray files in its working folder; keep them out of the project's.
    cwd: options.dataDir ?? tmpdir(),
    onStdout: (text) => {
      output += text;
      if (endpoints(output)) listening.resolve();
    },
    onStderr: (text) => {
      output += text;
    },
  });
  await ready(child, listening.promise, () => output);
  const urls = endpoints(output)!;
  return {
    connectionString:
      `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};` +
      `BlobEndpoint=${urls.blob};QueueEndpoint=${urls.queue};TableEndpoint=${urls.table};`,
    blobUrl: urls.blob,
    queueUrl: urls.queue,
    tableUrl: urls.table,
    pid: child.pid,
    exited: child.exited,
    stop: () => child.stop(),
    kill: () => child.kill(),
    unref: () => child.unref(),
  };
}

/** What Azurite prints once a service really listens, with the port it got. */
function endpoints(output: string): { blob: string; queue: string; table: string } | undefined {
  const url = (service: string) =>
    new RegExp(`Azurite ${service} service is successfully listening at (http://\\S+)`).exec(output)?.[1];
  const [blob, queue, table] = [url('Blob'), url('Queue'), url('Table')];
  if (!blob || !queue || !table) return undefined;
  return { blob: `${blob}/${ACCOUNT}`, queue: `${queue}/${ACCOUNT}`, table: `${table}/${ACCOUNT}` };
}

async function ready(child: NodeChild, listening: Promise<void>, output: () => string): Promise<void> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(new Error(`Azurite did not listen within ${START_TIMEOUT_MS / 1000} s`)),
    START_TIMEOUT_MS,
  );
  const ended = child.exited.then((how) => {
    throw new Error(`Azurite ended (${how}) before it listened:\n${output()}`);
  });
  try {
    await Promise.race([listening, ended, timeout.promise]);
    // It may still end later, which is then its user's business.
    ended.catch(() => undefined);
  } catch (error) {
    await child.kill();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { QueueServiceClient } from '@azure/storage-queue';

import type { HostProcess } from '../../local/host-process.ts';
import { testStorage } from '../support/azurite.ts';
import { startHost } from '../support/host.ts';

export interface JournalEntry {
  readonly event: string;
  readonly name?: string;
  readonly dequeueCount?: unknown;
  readonly id?: string;
  readonly message?: unknown;
}

/** The fixture app with queues of its own; hosts of the same fixture share them. */
export interface Fixture {
  readonly work: ReturnType<QueueServiceClient['getQueueClient']>;
  startHost(environment?: Record<string, string>): Promise<HostProcess>;
  /** What the app's functions have noted so far. */
  journal(): Promise<readonly JournalEntry[]>;
  send(order: object): Promise<void>;
}

export async function fixture(): Promise<Fixture> {
  const { connectionString, prefix } = await testStorage();
  const folder = await mkdtemp(join(tmpdir(), 'hourglass-host-test-'));
  const file = join(folder, 'journal');
  await writeFile(file, '');
  const name = `${prefix}-${randomBytes(3).toString('hex')}`;
  const work = QueueServiceClient.fromConnectionString(connectionString).getQueueClient(`${name}-work`);
  return {
    work,
    startHost: (environment = {}) =>
      startHost({
        root: fileURLToPath(new URL('./fixture-app', import.meta.url)),
        environment: {
          ...process.env,
          AzureWebJobsStorage: connectionString,
          FIXTURE_PREFIX: name,
          FIXTURE_JOURNAL: file,
          ...environment,
        },
      }),
    journal: async () => {
      const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line) as JournalEntry);
    },
    send: async (order) => {
      await work.sendMessage(Buffer.from(JSON.stringify(order)).toString('base64'));
    },
  };
}

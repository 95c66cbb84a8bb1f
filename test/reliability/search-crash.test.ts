import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { QueueServiceClient } from '@azure/storage-queue';
import OpenAI from 'openai';

import type { HostProcess } from '../../local/host-process.ts';
import { emulatedSessions } from '../../local/settings.ts';
import { type CrashPoint, searchCrashPoints } from '../../shared/crash-points.ts';
import { searchScene } from '../indexing/scene.ts';
import { testStorage } from '../support/azurite.ts';
import { eventually } from '../support/eventually.ts';
import { startHost } from '../support/host.ts';

/**
 * A real host process that dies as by `kill -9` at every named point of the work on vector stores, and another one
 * after it: every file ends once, the counts agree with it, and nothing that was deleted is found.
 */
interface Scenario {
  /** Where the first host dies; the next one dies at the scenario's own point, where they differ. */
  readonly first?: CrashPoint;
  /** What the host that dies is asked for. */
  readonly ask: (scene: Scene) => Promise<unknown>;
  /** What must be so in the end; a crash before anything was promised leaves nothing. */
  readonly expect: { readonly files: number } | 'gone';
}

interface Scene {
  readonly client: OpenAI;
  readonly storeId: string;
  /** Is in the store when the host starts to die. */
  readonly settled: string;
  readonly fileIds: readonly string[];
  /** Puts a message into the queue, as the app would. */
  put(message: object): Promise<void>;
}

/** Promised to whoever waits for a file. The lease is 2 s here and 30 s as deployed, so most of it is in hand. */
const PROMISE_MS = 60_000;

const add = ({ client, storeId, fileIds }: Scene) =>
  client.vectorStores.files.create(storeId, {
    file_id: fileIds[0] ?? '',
    chunking_strategy: {
      type: 'static',
      static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 },
    },
  });
const addBatch = ({ client, storeId, fileIds }: Scene) =>
  client.vectorStores.fileBatches.create(storeId, { file_ids: [...fileIds] });
const compact = ({ put, storeId }: Scene) => put({ type: 'compact', project: 'team', storeId });

const added = { files: 2 };
const scenarios: Readonly<Partial<Record<CrashPoint, Scenario>>> = {
  'file-after-watchdog-put': { ask: add, expect: { files: 1 } },
  'file-after-adding': { ask: add, expect: added },
  'file-before-claim': { first: 'file-after-adding', ask: add, expect: added },
  'file-after-extraction': { ask: add, expect: added },
  'file-mid-embedding': { ask: add, expect: added },
  'file-after-append': { ask: add, expect: added },
  'file-mid-removal': {
    ask: ({ client, storeId, settled }) =>
      client.vectorStores.files.delete(settled, { vector_store_id: storeId }),
    expect: { files: 0 },
  },
  'batch-after-creation': { ask: addBatch, expect: { files: 13 } },
  'batch-mid-spread': { ask: addBatch, expect: { files: 13 } },
  'store-mid-removal': {
    ask: ({ client, storeId }) => client.vectorStores.delete(storeId),
    expect: 'gone',
  },
  'compaction-sealed': { ask: compact, expect: { files: 1 } },
  'compaction-segment-written': { ask: compact, expect: { files: 1 } },
  'compaction-manifest-replaced': { ask: compact, expect: { files: 1 } },
};

/** More passages of 100 tokens than there are between two checkpoints. */
const LONG = Array.from({ length: 3000 }, (_, line) => `Line ${line} of the long report is here.`).join('\n');
const WORD = 'xylophone';

describe('a host that dies', { concurrency: 2 }, () => {
  let connectionString: string;
  let prefix: string;
  before(async () => {
    ({ connectionString, prefix } = await testStorage());
  });

  function hosts(number: number) {
    const environment = {
      PATH: process.env.PATH ?? '',
      AzureWebJobsStorage: connectionString,
      STORAGE_PREFIX: `${prefix}v${number}`,
      API_KEYS: 'team:KEY',
      // Nobody asks a model here: without an embedding model, files are compared by their words.
      OPENAI_BASE_URL: 'http://127.0.0.1:1',
      OPENAI_API_KEY: 'none',
      RUN_LEASE_SECONDS: '2',
      ...emulatedSessions('http://127.0.0.1:1'),
    };
    return (crashAt?: CrashPoint) =>
      startHost({
        environment: crashAt ? { ...environment, HOURGLASS_CRASH_AT: crashAt } : environment,
      });
  }
  const clientOf = (host: HostProcess) =>
    new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'KEY', maxRetries: 0 });

  it('is tried at every named point', () => {
    assert.deepEqual(Object.keys(scenarios).sort(), [...searchCrashPoints].sort());
  });

  for (const [number, [point, scenario]] of Object.entries(scenarios).entries()) {
    it(point, { timeout: 180_000 }, async () => {
      const start = hosts(number);
      const queue = QueueServiceClient.fromConnectionString(connectionString).getQueueClient(
        `${prefix}v${number}-index`,
      );
      const scene = await prepared(`${prefix}v${number}`, async (message) => {
        await queue.sendMessage(Buffer.from(JSON.stringify(message)).toString('base64'));
      });
      const doomed = await start(scenario.first ?? (point as CrashPoint));
      await scenario.ask({ ...scene, client: clientOf(doomed) }).catch(() => undefined);
      assert.equal(await doomed.exited, 'SIGKILL');
      if (scenario.first) assert.equal(await (await start(point as CrashPoint)).exited, 'SIGKILL');
      const host = await start();
      try {
        const since = performance.now();
        await assertWhole({ ...scene, client: clientOf(host) }, scenario.expect);
        const tookMs = performance.now() - since;
        assert.ok(tookMs < PROMISE_MS, `it took ${tookMs} ms`);
        assert.doesNotMatch(host.logs(), /was given up/);
      } finally {
        await host.stop();
      }
    });
  }
});

/** A store with one file, and files to add to it, made without a host. */
async function prepared(storagePrefix: string, put: Scene['put']): Promise<Omit<Scene, 'client'>> {
  await using scene = await searchScene(
    { STORAGE_PREFIX: storagePrefix, API_KEYS: 'team:KEY' },
    { key: 'KEY' },
  );
  const { client, upload, pump } = scene;
  const { id: storeId } = await client.vectorStores.create({});
  const settled = await upload(`The settled ${WORD} is here.`, 'settled.txt');
  await client.vectorStores.files.create(storeId, { file_id: settled });
  await pump();
  const fileIds = [
    await upload(`A new ${WORD} begins.\n${LONG}`, 'long.txt'),
    ...(await Promise.all(
      Array.from({ length: 11 }, (_, index) => upload(`Note ${index} has a ${WORD}.`, `note-${index}.txt`)),
    )),
  ];
  return { storeId, settled, fileIds, put };
}

/** Every file has ended, counts and lists say the same, and a search finds each file once. */
async function assertWhole({ client, storeId }: Scene, expected: Scenario['expect']): Promise<void> {
  const { vectorStores } = client;
  if (expected === 'gone') {
    await assert.rejects(vectorStores.retrieve(storeId), { status: 404 });
    return;
  }
  const counts = await eventually('the end of all files', async () => {
    const { file_counts: of } = await vectorStores.retrieve(storeId);
    return of.in_progress === 0 && of.total === expected.files && of;
  });
  assert.equal(counts.completed, expected.files);
  const { data } = await vectorStores.files.list(storeId, { limit: 100 });
  assert.deepEqual(
    data.map(({ status }) => status),
    Array.from({ length: expected.files }, () => 'completed'),
  );
  const found = await vectorStores.search(storeId, { query: WORD, max_num_results: 50 });
  const hits = found.data.filter(({ content }) => content[0]?.text.includes(WORD));
  assert.deepEqual(hits.map(({ file_id }) => file_id).sort(), data.map(({ id }) => id).sort());
}

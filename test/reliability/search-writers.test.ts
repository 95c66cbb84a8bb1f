import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import OpenAI, { toFile } from 'openai';

import type { HostProcess } from '../../local/host-process.ts';
import { emulatedSessions } from '../../local/settings.ts';
import { testStorage } from '../support/azurite.ts';
import { eventually } from '../support/eventually.ts';
import { assertNoHandlerThrew, startHost } from '../support/host.ts';

/**
 * Twenty writers on one vector store over two hosts, which share nothing but storage. Each has files of its own and
 * knows what must be so of them; all of them quarrel over one more, of which only the end can be told.
 */
const WRITERS = 20;
const FILES_EACH = 2;
const STEPS = 8;

const hosts: HostProcess[] = [];
const clients: OpenAI[] = [];
before(async () => {
  const { connectionString, prefix } = await testStorage();
  const environment = {
    PATH: process.env.PATH ?? '',
    AzureWebJobsStorage: connectionString,
    STORAGE_PREFIX: `${prefix}w`,
    API_KEYS: 'team:KEY',
    // Nobody asks a model here: without an embedding model, files are compared by their words.
    OPENAI_BASE_URL: 'http://127.0.0.1:1',
    OPENAI_API_KEY: 'none',
    ...emulatedSessions('http://127.0.0.1:1'),
  };
  hosts.push(...(await Promise.all([startHost({ environment }), startHost({ environment })])));
  clients.push(...hosts.map(({ url }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'KEY', maxRetries: 0 })));
});
after(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  for (const host of hosts) assertNoHandlerThrew(host);
});

/** Repeatable chance: the seed is told when the test fails. */
function chances(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

interface Known {
  readonly id: string;
  /** A word of this file alone. */
  readonly word: string;
  isThere: boolean;
  attributes: Record<string, number>;
}

test('no file is lost, none comes back, and counts, lists and searches agree', async (context) => {
  const seed = Date.now() % 2 ** 31;
  context.diagnostic(`seed ${seed}`);
  const [client] = clients as [OpenAI];
  const { id: storeId } = await client.vectorStores.create({});
  const upload = async (word: string) => {
    const file = await toFile(Buffer.from(`This note is about the ${word}.`), `${word}.txt`);
    return (await client.files.create({ file, purpose: 'assistants' })).id;
  };
  const quarrel = await upload('quarrelword');
  const all: Known[] = [];

  /** The file's hits; a word that is searched finds other notes too, by what they have in common. */
  async function hitsOf({ vectorStores }: OpenAI, file: Pick<Known, 'id' | 'word'>, filters?: object) {
    const query = { query: file.word, max_num_results: 50, ...(filters ? { filters } : {}) };
    const { data } = await vectorStores.search(storeId, query as OpenAI.VectorStoreSearchParams);
    return data.filter(({ file_id: id }) => id === file.id);
  }

  async function write(writer: number): Promise<void> {
    const chance = chances(seed + writer * 7919);
    const files = await Promise.all(
      Array.from({ length: FILES_EACH }, async (_, index): Promise<Known> => {
        const word = `word${writer}q${index}`;
        return { id: await upload(word), word, isThere: false, attributes: {} };
      }),
    );
    all.push(...files);
    for (let step = 0; step < STEPS; step++) {
      const file = files[chance(files.length)]!;
      const one = clients[chance(clients.length)]!;
      const other = clients[chance(clients.length)]!;
      const place = { vector_store_id: storeId };
      const known = `writer ${writer}, step ${step}, ${file.word}`;
      switch (chance(4)) {
        case 0: {
          const adding = { file_id: file.id, attributes: { step } };
          await one.vectorStores.files.create(storeId, adding);
          Object.assign(file, { isThere: true, attributes: { step } });
          break;
        }
        case 1: {
          const deleting = one.vectorStores.files.delete(file.id, place);
          if (file.isThere) await deleting;
          else await assert.rejects(deleting, { status: 404 }, known);
          Object.assign(file, { isThere: false, attributes: {} });
          assert.deepEqual(await hitsOf(other, file), [], `${known}: a ghost`);
          break;
        }
        case 2: {
          const attributes = { step: step + 100 };
          const changing = one.vectorStores.files.update(file.id, { ...place, attributes });
          if (!file.isThere) {
            await assert.rejects(changing, { status: 404 }, known);
            break;
          }
          const { status } = await changing;
          file.attributes = attributes;
          if (status !== 'completed') break;
          const filter = { type: 'eq', key: 'step', value: attributes.step };
          assert.equal((await hitsOf(other, file, filter)).length, 1, `${known}: attributes not found`);
          break;
        }
        default: {
          const fight = chance(2) === 0;
          if (fight) await one.vectorStores.files.create(storeId, { file_id: quarrel });
          else await one.vectorStores.files.delete(quarrel, place).catch(unlessUnknown);
          const { status } = await other.vectorStores.retrieve(storeId);
          assert.notEqual(status, 'expired');
        }
      }
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

  const counts = await eventually(
    'the end of all files',
    async () => {
      const { file_counts: of } = await client.vectorStores.retrieve(storeId);
      return of.in_progress === 0 && of;
    },
    60_000,
  );
  const listed = new Map<string, OpenAI.VectorStores.VectorStoreFile>();
  for await (const file of client.vectorStores.files.list(storeId, { limit: 100 })) listed.set(file.id, file);
  assert.deepEqual([counts.completed, counts.total], [listed.size, listed.size]);
  for (const file of all) {
    const found = await hitsOf(clients[1] as OpenAI, file);
    assert.equal(listed.has(file.id), file.isThere, `${file.word} in the list`);
    assert.equal(found.length, file.isThere ? 1 : 0, `${file.word} in a search`);
    if (!file.isThere) continue;
    assert.deepEqual(listed.get(file.id)?.attributes, file.attributes, file.word);
    assert.deepEqual(found[0]?.attributes, file.attributes, file.word);
  }
  const found = await hitsOf(client, { id: quarrel, word: 'quarrelword' });
  assert.equal(found.length, listed.has(quarrel) ? 1 : 0, 'the file that all of them wrote');
});

function unlessUnknown(error: unknown): void {
  if ((error as { status?: number }).status !== 404) throw error;
}

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { TableClient } from '@azure/data-tables';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { Conflict, DocumentTable, replacement } from '../../shared/store/table.ts';
import { type TestApi, testApi } from '../support/api.ts';
import { testStorage } from '../support/azurite.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';

const namesIn = async (container: ContainerClient, prefix = ''): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat({ prefix })) names.push(name);
  return names;
};

/** Too long for a row. */
const long = (word: string): string => `${word} `.repeat(140_000 / (word.length + 1));

describe('what is too long for a row, in what stays of it', () => {
  let api: TestApi;
  let spills: ContainerClient;
  before(async () => {
    api = await testApi();
    const blobs = BlobServiceClient.fromConnectionString((await testStorage()).connectionString);
    spills = blobs.getContainerClient(`${api.engine.services.config.STORAGE_PREFIX}-spill`);
  });
  after(() => api[Symbol.asyncDispose]());

  it('a deleted assistant leaves nothing, and takes nothing of another one with it', async () => {
    const { assistants } = api.client().beta;
    const before = await namesIn(spills);
    const kept = await assistants.create({ model: 'scripted', instructions: long('KEPT') });
    const two = await namesIn(spills);
    const gone = await assistants.create({ model: 'scripted', instructions: long('SECRET') });
    await assistants.update(gone.id, { instructions: long('OTHER') });
    await assistants.delete(gone.id);
    assert.deepEqual(await namesIn(spills), two);
    assert.equal((await assistants.retrieve(kept.id)).instructions, long('KEPT'));
    await assistants.update(kept.id, { instructions: 'short' });
    assert.deepEqual(await namesIn(spills), before, 'shortened, before it is deleted');
    assert.equal((await assistants.retrieve(kept.id)).instructions, 'short');
    assert.equal((await assistants.list({ limit: 1 })).data[0]?.instructions, 'short');
  });

  it('a deleted message leaves nothing, and a changed one what it is now', async () => {
    const { threads } = api.client().beta;
    const { id: thread_id } = await threads.create();
    const add = () => threads.messages.create(thread_id, { role: 'user', content: long('PRIVATE') });
    const [one, two] = [await add(), await add()];
    for (const n of ['1', '2', '1']) await threads.messages.update(one.id, { thread_id, metadata: { n } });
    assert.equal((await namesIn(spills, thread_id)).length, 2);
    await threads.messages.delete(two.id, { thread_id });
    assert.equal((await namesIn(spills, thread_id)).length, 1);
    assert.deepEqual((await threads.messages.retrieve(one.id, { thread_id })).content, one.content);
    await threads.messages.delete(one.id, { thread_id });
    assert.deepEqual(await namesIn(spills, thread_id), []);
  });

  it('a run with long instructions leaves its last state alone, however often it was saved', async () => {
    const { assistants, threads } = api.client().beta;
    api.engine.model.add({ toolCalls: [{ name: 'nothing', arguments: '{}' }] }, { text: 'done' });
    const { id: assistant_id } = await assistants.create({ model: 'scripted' });
    const { id: thread_id } = await threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
    const { id } = await threads.runs.create(thread_id, { assistant_id, instructions: long('RUN') });
    await api.engine.pump();
    const run = await threads.runs.retrieve(id, { thread_id });
    assert.deepEqual([run.status, run.instructions], ['completed', long('RUN')]);
    assert.equal((await namesIn(spills, thread_id)).length, 1);
  });
});

describe('long documents that several touch at once', () => {
  let proxy: FaultProxy;
  let spills: ContainerClient;
  let table: DocumentTable;
  before(async () => {
    const storage = await testStorage();
    proxy = await startFaultProxy(storage.connectionString);
    const client = TableClient.fromConnectionString(proxy.connectionString, `${storage.prefix}spills`, {
      allowInsecureConnection: true,
      retryOptions: { maxRetries: 0 },
    });
    const blobs = BlobServiceClient.fromConnectionString(proxy.connectionString, {
      retryOptions: { maxTries: 20, retryDelayInMs: 20, maxRetryDelayInMs: 20 },
    });
    spills = blobs.getContainerClient(`${storage.prefix}-spills`);
    await Promise.all([client.createTable(), spills.create()]);
    table = new DocumentTable(client, spills);
  });
  after(() => proxy.stop());

  const insert = async (partition: string, key = 'k') => {
    await table.commit(partition, [{ type: 'insert', key, document: long('old') }]);
    const row = await table.get<string>(partition, key);
    assert.ok(row);
    return row;
  };

  /** Reads, and does something when the row was read and its blob was not. */
  async function between<T>(read: () => Promise<T>, act: () => Promise<unknown>): Promise<T> {
    let acted: Promise<unknown> | undefined;
    let done = false;
    proxy.fault = ({ kind }) => {
      if (kind !== 'blob head' || done) return undefined;
      acted ??= act().then(() => {
        done = true;
      });
      return 'busy';
    };
    try {
      const result = await read();
      assert.ok(done);
      return result;
    } finally {
      await acted;
      proxy.fault = () => undefined;
    }
  }

  it('one that is replaced while it is read is read as it is then', async () => {
    const row = await insert('replaced');
    const replace = () => table.commit('replaced', [replacement(row, long('new'))]);
    const read = await between(() => table.get<string>('replaced', 'k'), replace);
    assert.equal(read?.document, long('new'));
    assert.deepEqual(await namesIn(spills, 'replaced/'), [read?.spill]);
  });

  it('one that is deleted while it is read is not there, and the others of its page are', async () => {
    const remove = (partition: string) => async () => {
      await table.commit(partition, [{ type: 'delete', key: 'k1' }]);
      await table.clearSpills(partition, ['k1']);
    };
    for (const key of ['k1', 'k2', 'k3']) await insert('deleted', key);
    const page = await between(() => table.range<string>('deleted', 'k', 'l', 2), remove('deleted'));
    assert.deepEqual(
      page.map(({ key }) => key),
      ['k2', 'k3'],
    );
    await insert('gone', 'k1');
    assert.equal(await between(() => table.get('gone', 'k1'), remove('gone')), undefined);
  });

  it('of two writers that read the same version one wins, and the other leaves nothing', async () => {
    const row = await insert('raced');
    const results = await Promise.allSettled(
      ['one', 'two'].map((word) => table.commit('raced', [replacement(row, long(word))])),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    assert.deepEqual(
      refused.map(({ reason }) => reason instanceof Conflict),
      [true],
    );
    const winner = await table.get<string>('raced', 'k');
    assert.deepEqual(await namesIn(spills, 'raced/'), [winner?.spill]);
  });

  it('a write whose answer is lost keeps its document', async () => {
    const row = await insert('lost');
    let lost = false;
    proxy.fault = ({ service, method }) => {
      if (lost || service !== 'table' || method === 'GET') return undefined;
      lost = true;
      return 'lose-answer';
    };
    await table.commit('lost', [replacement(row, long('new')), { type: 'insert', key: 'other' }]);
    proxy.fault = () => undefined;
    assert.ok(lost);
    const read = await table.get<string>('lost', 'k');
    assert.equal(read?.document, long('new'));
    assert.deepEqual(await namesIn(spills, 'lost/'), [read?.spill]);
  });
});

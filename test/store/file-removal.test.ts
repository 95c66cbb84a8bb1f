import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import { BlobServiceClient } from '@azure/storage-blob';
import OpenAI, { toFile } from 'openai';
import { type TestApi, testApi } from '../support/api.ts';
import { testStorage } from '../support/azurite.ts';
import { type FaultProxy, type StorageRequest, startFaultProxy } from '../support/fault-proxy.ts';

/** Storage refuses one step of a deletion: the caller has an error, asks again, and then all is gone. */
describe('a file whose deletion fails half-way', () => {
  let connectionString: string;
  let proxy: FaultProxy;
  let api: TestApi;
  let client: OpenAI;
  before(async () => {
    ({ connectionString } = await testStorage());
    proxy = await startFaultProxy(connectionString);
    api = await testApi({ AzureWebJobsStorage: proxy.connectionString });
    client = api.client();
  });
  afterEach(() => {
    proxy.fault = () => undefined;
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await proxy.stop();
  });

  const create = async () =>
    (
      await client.files.create({
        file: await toFile(Buffer.from('private'), 'p.txt'),
        purpose: 'assistants',
      })
    ).id;

  /** Looked for past the proxy. */
  const hasBytes = (id: string) => {
    const { STORAGE_PREFIX: prefix } = api.engine.services.config;
    const blobs = BlobServiceClient.fromConnectionString(connectionString);
    return blobs.getContainerClient(`${prefix}-files`).getBlobClient(`team-a/${id}`).exists();
  };

  const broken: [what: string, concerns: (request: StorageRequest) => boolean][] = [
    ['of its content', ({ kind }) => kind === 'blob delete'],
    ['of its row', ({ kind }) => kind === 'table transaction'],
  ];
  for (const [what, concerns] of broken) {
    it(`at the deletion ${what} gives nothing out, and is gone when it is deleted again`, async () => {
      const id = await create();
      proxy.fault = (request) => (concerns(request) ? 'conflict' : undefined);
      await assert.rejects(client.files.delete(id), OpenAI.InternalServerError);
      proxy.fault = () => undefined;
      if (!(await hasBytes(id))) await assert.rejects(client.files.content(id), { status: 404 });
      assert.deepEqual(await client.files.delete(id), { id, object: 'file', deleted: true });
      assert.equal(await hasBytes(id), false);
      await assert.rejects(client.files.retrieve(id), { status: 404 });
      await assert.rejects(client.files.delete(id), { status: 404 });
    });
  }

  it('is no picture for the model, and no reason for a run to fail', async () => {
    const id = await create();
    const content = [{ type: 'image_file' as const, image_file: { file_id: id } }];
    const { id: thread_id } = await client.beta.threads.create({ messages: [{ role: 'user', content }] });
    proxy.fault = ({ kind }) => (kind === 'table transaction' ? 'conflict' : undefined);
    await assert.rejects(client.files.delete(id), OpenAI.InternalServerError);
    proxy.fault = () => undefined;
    api.engine.model.add({ text: 'I see nothing.' });
    const { id: assistant_id } = await client.beta.assistants.create({ model: 'scripted' });
    const run = await client.beta.threads.runs.create(thread_id, { assistant_id });
    await api.engine.pump();
    assert.equal((await client.beta.threads.runs.retrieve(run.id, { thread_id })).status, 'completed');
    assert.deepEqual(api.engine.model.requests.at(-1)?.body.messages, [
      { role: 'user', content: [{ type: 'text', text: `[image ${id} is not available]` }] },
    ]);
  });
});

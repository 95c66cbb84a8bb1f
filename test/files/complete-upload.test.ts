import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import OpenAI from 'openai';
import { SECOND } from '../../shared/clock.ts';
import { createEndpoint } from '../../shared/http/endpoint.ts';
import { fileOf } from '../../shared/store/uploads.ts';
import { handlers, type TestApi, testApi } from '../support/api.ts';
import { testStorage } from '../support/azurite.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { fetchOf } from '../support/in-process.ts';

/** Several requests about one upload: what is done to it while its parts become a file. */
describe('an upload that is being completed', () => {
  let proxy: FaultProxy;
  let api: TestApi;
  let client: OpenAI;
  let blobs: ContainerClient;
  let late = 0;
  before(async () => {
    const { connectionString } = await testStorage();
    proxy = await startFaultProxy(connectionString);
    api = await testApi({ AzureWebJobsStorage: proxy.connectionString });
    const services = { ...api.engine.services, clock: { now: () => Date.now() + late } };
    const fetch = fetchOf(createEndpoint(handlers, async () => services));
    client = new OpenAI({ baseURL: 'http://api/v1', apiKey: 'KEY-A', fetch, maxRetries: 0 });
    blobs = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(
      `${services.config.STORAGE_PREFIX}-files`,
    );
  });
  beforeEach(() => {
    late = 0;
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await proxy.stop();
  });

  async function anUpload() {
    const { id } = await client.uploads.create({
      bytes: 6,
      filename: 'parts.txt',
      mime_type: 'text/plain',
      purpose: 'assistants',
    });
    const part = async (text: string) =>
      (await client.uploads.parts.create(id, { data: new File([text], 'part') })).id;
    const record = await api.engine.services.stores.uploads.get('team-a', id);
    assert.ok(record);
    return { id, record, parts: [await part('abc'), await part('def')] };
  }

  type Upload = Awaited<ReturnType<typeof anUpload>>;
  type Interruption = (act: () => Promise<unknown>) => void;

  const stores = () => api.engine.services.stores;
  const points: [what: string, interrupt: Interruption][] = [
    [
      'before its parts are joined',
      (act) => {
        const { uploads } = stores();
        const join = uploads.join.bind(uploads);
        uploads.join = async (...call) => {
          uploads.join = join;
          await act();
          return join(...call);
        };
      },
    ],
    [
      'before its file is known',
      (act) => {
        const { files } = stores();
        const insertOnce = files.insertOnce.bind(files);
        files.insertOnce = async (...call) => {
          files.insertOnce = insertOnce;
          await act();
          return insertOnce(...call);
        };
      },
    ],
    [
      'after its file is known',
      (act) => {
        const { files } = stores();
        const insertOnce = files.insertOnce.bind(files);
        files.insertOnce = async (...call) => {
          files.insertOnce = insertOnce;
          await insertOnce(...call);
          await act();
        };
      },
    ],
  ];

  /** Completes, and does something else once at that point. */
  async function completeWith({ id, parts }: Upload, interrupt: Interruption, act: () => Promise<unknown>) {
    let acted: Promise<unknown> | undefined;
    interrupt(() => {
      acted = act();
      return acted;
    });
    const completed = client.uploads.complete(id, { part_ids: parts });
    await completed.catch(() => undefined);
    assert.ok(acted);
    await acted;
    return completed;
  }

  const textOf = async (id = '') => (await client.files.content(id)).text();

  for (const [what, interrupt] of points) {
    it(`cannot be cancelled or completed otherwise ${what}, and becomes a whole file`, async () => {
      const upload = await anUpload();
      const { id, parts } = upload;
      const completed = await completeWith(upload, interrupt, async () => {
        const again = { status: 409, message: /being completed\. Please try again\.$/ };
        await assert.rejects(client.uploads.cancel(id), again);
        await assert.rejects(client.uploads.complete(id, { part_ids: parts.toReversed() }), again);
        const data = new File(['x'], 'part');
        await assert.rejects(client.uploads.parts.create(id, { data }), again);
      });
      assert.equal(completed.status, 'completed');
      assert.equal(await textOf(completed.file?.id), 'abcdef');
      await assert.rejects(client.uploads.cancel(id), { status: 400 });
      assert.deepEqual(await client.uploads.complete(id, { part_ids: parts }), completed);
    });

    it(`by a process that halts ${what} can be cancelled, and becomes no file`, async () => {
      const upload = await anUpload();
      const { id, record } = upload;
      const completing = completeWith(upload, interrupt, async () => {
        late = 61 * SECOND;
        assert.equal((await client.uploads.cancel(id)).status, 'cancelled');
      });
      await assert.rejects(completing, OpenAI.APIError);
      await assert.rejects(client.files.retrieve(record.fileId), { status: 404 });
      assert.equal(await blobs.getBlobClient(`team-a/${record.fileId}`).exists(), false);
      await assert.rejects(client.uploads.complete(id, { part_ids: upload.parts }), { status: 400 });
    });

    it(`by a process that halts ${what} can be completed by another one, whose file it stays`, async () => {
      const upload = await anUpload();
      const { id, parts } = upload;
      let other: OpenAI.Upload | undefined;
      const completing = completeWith(upload, interrupt, async () => {
        late = 61 * SECOND;
        other = await client.uploads.complete(id, { part_ids: parts.toReversed() });
      });
      await assert.rejects(completing, { status: 409 });
      assert.equal(await textOf(other?.file?.id), 'defabc');
      assert.deepEqual(await client.uploads.complete(id, { part_ids: parts }), other);
    });
  }

  it('is given back when that fails, and can be completed again at once', async () => {
    const { id, parts } = await anUpload();
    proxy.fault = ({ method, url }) =>
      method === 'PUT' && url.includes('comp=blocklist') ? 'conflict' : undefined;
    await assert.rejects(client.uploads.complete(id, { part_ids: parts }), { status: 409 });
    proxy.fault = () => undefined;
    assert.equal((await client.uploads.complete(id, { part_ids: parts })).status, 'completed');
  });

  it('takes its file with it when it is cancelled after a process died with the file made', async () => {
    const { id, parts, record } = await anUpload();
    const { uploads, files } = api.engine.services.stores;
    const found = (await uploads.parts(record, parts)).filter((part) => part !== undefined);
    await uploads.join(record, found, undefined);
    await files.insertOnce(fileOf(record, record.fileId.slice(-24), record.object.created_at));
    assert.equal((await client.uploads.cancel(id)).status, 'cancelled');
    await assert.rejects(client.files.retrieve(record.fileId), { status: 404 });
    assert.equal(await blobs.getBlobClient(`team-a/${record.fileId}`).exists(), false);
  });
});

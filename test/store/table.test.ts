import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { TableClient } from '@azure/data-tables';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { isPassing } from '../../shared/store/patience.ts';
import { Conflict, DocumentTable } from '../../shared/store/table.ts';
import { testStorage } from '../support/azurite.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';

describe('documents in a table', () => {
  let proxy: FaultProxy;
  let client: TableClient;
  let spills: ContainerClient;
  let table: DocumentTable;
  let partition = '';
  let partitions = 0;
  before(async () => {
    const storage = await testStorage();
    proxy = await startFaultProxy(storage.connectionString);
    client = TableClient.fromConnectionString(proxy.connectionString, `${storage.prefix}documents`, {
      allowInsecureConnection: true,
      retryOptions: { maxRetries: 0 },
    });
    const blobs = BlobServiceClient.fromConnectionString(proxy.connectionString);
    spills = blobs.getContainerClient(`${storage.prefix}-documents`);
    await Promise.all([client.createTable(), spills.create()]);
    table = new DocumentTable(client, spills);
  });
  beforeEach(() => {
    partition = `p${++partitions}`;
  });
  after(() => proxy.stop());

  const insert = (key: string, document: unknown) =>
    table.commit(partition, [{ type: 'insert', key, document, columns: { sortKey: key } }]);

  const blobsOf = async () => {
    const names: string[] = [];
    for await (const { name } of spills.listBlobsFlat({ prefix: `${partition}/` })) names.push(name);
    return names;
  };

  const sizes: [string, number, number][] = [
    ['a short one stays in its row', 100, 0],
    ['one of several properties stays in its row', 90_000, 0],
    ['one of 256,000 characters goes to a blob', 256_000, 1],
    ['one of 3 million characters goes to a blob', 3_000_000, 1],
  ];
  for (const [what, length, blobs] of sizes) {
    it(`${what}, and comes back whole`, async () => {
      // Pairs of surrogates everywhere, so that a cut in the middle of one would show.
      const document = { text: `x${'😀'.repeat(length / 2)}` };
      await insert('k', document);
      const read = await table.get<typeof document>(partition, 'k');
      // Not deepEqual, which would print megabytes.
      assert.ok(read?.document.text === document.text);
      assert.equal((await blobsOf()).length, blobs);
    });
  }

  it('many long ones in one transaction stay within its four megabytes', async () => {
    const long = (i: number) => ({ text: String(i).repeat(90_000) });
    const changes = Array.from({ length: 60 }, (_, i) => ({
      type: 'insert' as const,
      key: `k${i}`,
      document: long(i % 10),
    }));
    await table.commit(partition, changes);
    const rows = await table.range<{ text: string }>(partition, 'k', 'l', 100);
    assert.equal(rows.length, 60);
    for (const row of rows) assert.deepEqual(row.document, long(Number(row.key.slice(1)) % 10));
  });

  it('of two writers that read the same version one wins', async () => {
    await insert('k', { n: 0 });
    const row = await table.get<{ n: number }>(partition, 'k');
    assert.ok(row);
    const write = (n: number) =>
      table.commit(partition, [
        { type: 'replace', key: 'k', document: { n }, columns: row.columns, etag: row.etag },
      ]);
    const results = await Promise.allSettled([write(1), write(2)]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const refused = results.find((result) => result.status === 'rejected');
    assert.ok(refused?.reason instanceof Conflict);
  });

  it('all changes of a transaction happen, or none', async () => {
    await insert('taken', {});
    await assert.rejects(
      table.commit(partition, [
        { type: 'insert', key: 'free', document: {} },
        { type: 'insert', key: 'taken', document: {} },
      ]),
      Conflict,
    );
    assert.equal(await table.get(partition, 'free'), undefined);
  });

  it('a write whose answer is lost counts as done, once, and the next one goes on from it', async () => {
    let lost = 0;
    proxy.fault = ({ method }) => (method === 'GET' || lost++ % 2 === 1 ? undefined : 'lose-answer');
    try {
      const versions = await insert('k', { n: 0 });
      const columns = { sortKey: 'k' };
      for (let n = 1, etag = versions.get('k')?.etag; n <= 4; n++) {
        const change = { type: 'replace' as const, key: 'k', document: { n }, columns, etag: etag ?? '' };
        const others = n % 2 === 0 ? [] : [{ type: 'insert' as const, key: `other${n}`, document: {} }];
        etag = (await table.commit(partition, [change, ...others])).get('k')?.etag;
      }
    } finally {
      proxy.fault = () => undefined;
    }
    assert.equal(lost, 10);
    assert.deepEqual((await table.get(partition, 'k'))?.document, { n: 4 });
    assert.equal((await table.keys(partition, 'other', 'p', 10)).length, 2);
  });

  it('a range is read over as many pages as it takes, and no further', async () => {
    const keys = Array.from({ length: 30 }, (_, i) => `k${String(i).padStart(2, '0')}`);
    await table.commit(
      partition,
      keys.map((key) => ({ type: 'insert' as const, key, document: { key } })),
    );
    assert.deepEqual(await table.keys(partition, 'k05', 'k25', 100), keys.slice(5, 25));
    assert.deepEqual(await table.keys(partition, 'k05', 'k25', 3), keys.slice(5, 8));
    assert.deepEqual(await table.keys(partition, 'k05', 'k25', 0), []);
  });
});

describe('which failures pass', () => {
  const rows: [object, boolean][] = [
    [{ statusCode: 503 }, true],
    [{ statusCode: 500 }, true],
    [{ statusCode: 429 }, true],
    [{ statusCode: 412 }, false],
    [{ statusCode: 404, code: 'ECONNRESET' }, false],
    [{ statusCode: 403 }, false],
    [{ code: 'ECONNREFUSED' }, true],
    [{ code: 'PARSE_ERROR' }, true],
    [new TypeError('a bug'), false],
  ];
  for (const [error, passes] of rows) {
    it(`${JSON.stringify(error)} ${passes ? 'does' : 'does not'}`, () =>
      assert.equal(isPassing(error), passes));
  }
});

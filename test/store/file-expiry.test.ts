import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';

import { newFile } from '../../shared/api/file.ts';
import { readConfig } from '../../shared/config.ts';
import { newId, sortKeyOf } from '../../shared/ids.ts';
import { openStorageAccount } from '../../shared/store/connection.ts';
import { ensureStorage, openStores } from '../../shared/store/stores.ts';
import { testStorage } from '../support/azurite.ts';

const HOUR_MS = 3_600_000;

test('a file is gone when its time is up: from lists, by id, and with its bytes', async () => {
  const storage = await testStorage();
  const account = await openStorageAccount(
    readConfig({
      AzureWebJobsStorage: storage.connectionString,
      STORAGE_PREFIX: storage.prefix,
      API_KEYS: 'k:K',
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
      SESSION_ARM_ENDPOINT: 'http://127.0.0.1:1',
      SESSION_SUBSCRIPTION_ID: 's',
      SESSION_RESOURCE_GROUP: 'r',
      SESSION_LOCATION: 'l',
      SESSION_IMAGE: 'i',
    }),
  );
  await ensureStorage(account);
  let now = Date.now();
  const { files } = openStores(account, { now: () => now });
  const add = async (seconds?: number) => {
    const id = newId('file', now);
    const expiry = seconds === undefined ? {} : { expires_after: { anchor: 'created_at' as const, seconds } };
    const object = newFile(id, 'x', { purpose: 'assistants', ...expiry }, now);
    await files.create(
      { project: 'p', sortKey: sortKeyOf(id) ?? '', object, maxBytes: 10 },
      Readable.from([Buffer.from('x')]),
    );
    return id;
  };
  const list = async () =>
    (await files.list('p', { limit: 2, order: 'desc' })).data.map(({ object }) => object.id);
  const blobs = async () => {
    const names: string[] = [];
    for await (const { name } of account.container('files').listBlobsFlat()) names.push(name);
    return names;
  };

  const kept = await add();
  const later = await add(7200);
  const [first, second] = [await add(3600), await add(3600)];
  assert.deepEqual(await list(), [second, first]);
  now += HOUR_MS;
  assert.equal(await files.get('p', first), undefined);
  assert.equal(await files.open('p', first), undefined);
  assert.deepEqual(await list(), [later, kept]);
  assert.deepEqual((await blobs()).sort(), [`p/${kept}`, `p/${later}`].sort());
});

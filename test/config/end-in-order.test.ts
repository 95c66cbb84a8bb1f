/** The end of a process whose connections are still being made. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { emulatedSessions } from '../../local/settings.ts';
import { endInOrder, services } from '../../shared/services.ts';
import { testStorage } from '../support/azurite.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';

test('a process that waits for storage ends without it', async () => {
  const { connectionString, prefix } = await testStorage();
  const storage = await startFaultProxy(connectionString);
  after(() => storage.stop());
  let asked = false;
  storage.fault = () => {
    asked = true;
    return 'busy';
  };
  Object.assign(process.env, {
    AzureWebJobsStorage: storage.connectionString,
    STORAGE_PREFIX: prefix,
    API_KEYS: 'team-a:KEY-A',
    OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
    ...emulatedSessions('http://127.0.0.1:1'),
  });
  let isMade = false;
  const made = services().finally(() => {
    isMade = true;
  });
  await eventually('a request to storage', () => asked);
  await endInOrder();
  assert.equal(isMade, false, 'storage was not waited for');
  storage.fault = () => undefined;
  await made;
});

import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { queueSettings, readHostJson } from '../../local/host/host-json.ts';
import { createPollingDelay } from '../../local/host/polling-delay.ts';

async function hostJson(document: object): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'hourglass-host-json-')), 'host.json');
  await writeFile(file, JSON.stringify(document));
  return file;
}

test("this project's host.json: no route prefix, queues polled twice a second when idle", async () => {
  const document = await readHostJson(fileURLToPath(new URL('../../host.json', import.meta.url)), {});
  assert.equal(document.extensions.http.routePrefix, '');
  assert.deepEqual(queueSettings(document), {
    maxPollingInterval: 500,
    visibilityTimeout: 5_000,
    batchSize: 16,
    newBatchThreshold: 8,
    maxDequeueCount: 5,
    messageEncoding: 'base64',
  });
});

test('what host.json leaves out is as in Azure', async () => {
  const document = await readHostJson(await hostJson({ version: '2.0' }), {});
  assert.equal(document.extensions.http.routePrefix, 'api');
  assert.deepEqual(queueSettings(document), {
    maxPollingInterval: 60_000,
    visibilityTimeout: 0,
    batchSize: 16,
    newBatchThreshold: 8,
    maxDequeueCount: 5,
    messageEncoding: 'base64',
  });
});

test('time spans are read as .NET writes them', async () => {
  const spans = [
    ['00:00:00.250', 250],
    ['00:00:01', 1_000],
    ['01:02:03', 3_723_000],
    ['1.00:00:00', 86_400_000],
    ['00:00:00.0500000', 50],
  ] as const;
  for (const [maxPollingInterval, expected] of spans) {
    const file = await hostJson({ version: '2.0', extensions: { queues: { maxPollingInterval } } });
    assert.equal(queueSettings(await readHostJson(file, {})).maxPollingInterval, expected);
  }
});

test('a wrong value is told by its name', async () => {
  const file = await hostJson({ version: '2.0', extensions: { queues: { visibilityTimeout: '5s' } } });
  await assert.rejects(
    readHostJson(file, {}),
    /extensions\.queues\.visibilityTimeout: "5s" is not a time span/,
  );
});

test('AzureFunctionsJobHost__… overrides, whatever its case', async () => {
  const file = await hostJson({ version: '2.0', extensions: { queues: { batchSize: 3 } } });
  const document = await readHostJson(file, {
    AzureFunctionsJobHost__Extensions__Queues__BatchSize: '7',
    AzureFunctionsJobHost__logging__logLevel__default: 'Error',
  });
  assert.equal(queueSettings(document).batchSize, 7);
  assert.deepEqual(document.logging.logLevel, { default: 'error' });
});

test('an idle queue is polled ever more slowly, from 100 ms to the limit, until a message comes', () => {
  const delay = createPollingDelay(1_000, () => 0.5);
  const idle = [delay.next(), delay.next(), delay.next(), delay.next(), delay.next(), delay.next()];
  assert.deepEqual(idle, [100, 200, 400, 800, 1_000, 1_000]);
  delay.reset();
  assert.equal(delay.next(), 100);
});

test('the pauses are random by a fifth, but never below 100 ms nor above the limit', () => {
  for (const random of [0, 1]) {
    const delay = createPollingDelay(500, () => random);
    delay.next();
    assert.equal(delay.next(), random === 0 ? 180 : 220);
    for (let round = 0; round < 20; round += 1) assert.ok(delay.next() <= 500);
  }
});

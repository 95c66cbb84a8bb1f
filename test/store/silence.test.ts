/** What becomes of a request to storage whose connection is open and silent. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { Config } from '../../shared/config.ts';
import { openStorageAccount } from '../../shared/store/connection.ts';
import { endSilence } from '../../shared/store/silence.ts';

/** Far above what a busy machine may keep an answer waiting. */
const SILENCE_MS = 1000;
const SIZE = 4 * 1024 * 1024;
const PATIENT = { timeout: 20_000 };

/** What the server does with its next requests; beyond them it answers at once. */
const script: ((response: ServerResponse) => void)[] = [];
let requests = 0;
const headers = { etag: '"1"', 'last-modified': new Date().toUTCString(), 'content-length': SIZE };
const server = createServer((_request, response) => {
  requests += 1;
  (script.shift() ?? ((answer) => answer.writeHead(202).end()))(response);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
after(() => {
  server.close();
  server.closeAllConnections();
});

const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
const endpoints = ['Blob', 'Queue', 'Table'].map((service) => `${service}Endpoint=http://${host}/account`);
const account = await openStorageAccount({
  AzureWebJobsStorage: `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=a2V5;${endpoints.join(';')}`,
  STORAGE_PREFIX: 'p',
} as Config);
endSilence([host], SILENCE_MS);
const blob = account.container('files').getBlockBlobClient('blob');

test('a request that is never answered is sent again', PATIENT, async () => {
  requests = 0;
  script.push(() => undefined);
  assert.equal((await blob.deleteIfExists()).succeeded, true);
  assert.equal(requests, 2);
});

test('an answer that stops in the middle is an error', PATIENT, async () => {
  script.push((response) => void response.writeHead(200, headers).write('x'.repeat(1000)));
  const { readableStreamBody: body } = await blob.download();
  assert.ok(body);
  await assert.rejects(text(body));
});

test('a reader may take its time', PATIENT, async () => {
  script.push((response) => void response.writeHead(200, headers).end('x'.repeat(SIZE)));
  const { readableStreamBody: body } = await blob.download();
  assert.ok(body);
  let bytes = 0;
  for await (const piece of body) {
    if (bytes === 0) await delay(3 * SILENCE_MS);
    bytes += piece.length;
  }
  assert.equal(bytes, SIZE);
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';

import { connectionOf, watchConnections } from '../../shared/http/disconnect.ts';

/** A stand-in for the library's server: it finds the invocation by the same header. */
let answer: (id: string, response: ServerResponse) => Promise<void> = async () => {};
const server = createServer((request, response) => {
  void answer(String(request.headers['x-ms-invocation-id']), response);
});
let url = '';

before(async () => {
  watchConnections();
  watchConnections();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

async function open(): Promise<IncomingMessage> {
  const request = get(url, { headers: { 'x-ms-invocation-id': randomUUID() } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

test('a client that leaves aborts the signal of its invocation alone', async () => {
  const signals: AbortSignal[] = [];
  answer = async (id, response) => {
    signals.push(connectionOf(id).signal);
    response.write('begun');
  };
  const leaver = await open();
  const stayer = await open();
  leaver.destroy();
  await once(signals[0] ?? new EventTarget(), 'abort');
  assert.equal(signals[1]?.aborted, false);
  stayer.destroy();
  await once(signals[1] ?? new EventTarget(), 'abort');
});

test('an answer that is complete aborts nothing', async () => {
  let signal: AbortSignal | undefined;
  const closed = Promise.withResolvers<void>();
  answer = async (id, response) => {
    signal = connectionOf(id).signal;
    response.once('close', () => closed.resolve());
    response.end('all');
  };
  (await open()).resume();
  await closed.promise;
  assert.equal(signal?.aborted, false);
});

test('a writer that waits is paced by a slow client, and freed when it leaves', async () => {
  const chunk = Buffer.alloc(256 * 1024);
  let written = 0;
  let most = 0;
  const over = Promise.withResolvers<void>();
  answer = async (id, response) => {
    const connection = connectionOf(id);
    while (!connection.signal.aborted) {
      response.write(chunk);
      written += 1;
      most = Math.max(most, response.writableLength);
      await connection.drained();
    }
    over.resolve();
  };
  const client = await open();
  // Reads nothing: what is written stops growing once the sockets' buffers are full.
  for (let before = -1; before !== written; ) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(most <= 2 * chunk.length, `${most} bytes were waiting in memory`);
  client.destroy();
  await over.promise;
});

test("the server's time limit for requests is lifted: an upload may take longer", async () => {
  answer = async (_id, response) => void response.end();
  server.requestTimeout = 300_000;
  (await open()).resume();
  assert.equal(server.requestTimeout, 0);
});

test('an invocation without a connection is never left and always ready', async () => {
  const connection = connectionOf(randomUUID());
  assert.equal(connection.signal.aborted, false);
  await connection.drained();
  connection.destroy();
});

/** What talks to a deployment comes to an end when that stops answering. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startNodeChild } from '../../local/child-process.ts';
import { runDemo } from '../../local/demo/run-demo.ts';

/** Lists its models, and says nothing to anything else. */
const server = createServer((request, response) => {
  if (!request.url?.endsWith('/models')) return;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ object: 'list', data: [{ id: 'm', object: 'model', created: 0, owned_by: 'x' }] }),
  );
}).listen(0, '127.0.0.1');
await once(server, 'listening');
after(() => {
  server.close();
  server.closeAllConnections();
});
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const PATIENT = { timeout: 60_000 };

test('the conformance suite fails with the row that met it, and needs no second key', PATIENT, async () => {
  let output = '';
  const add = (text: string) => {
    output += text;
  };
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const args = [main, '--base-url', url, '--key', 'k', '--only', 'assistant', '--patience', '1'];
  const suite = startNodeChild({ args, onStdout: add, onStderr: add });
  assert.equal(await suite.exited, 1, output);
  assert.match(output, /no end after 1 s/);
  assert.match(output, /stopped answering/);
  assert.equal(output.match(/FAIL/g)?.length, 1, output);
});

test('the demo fails', PATIENT, async () => {
  const demo = runDemo({ url, key: 'k', folder: '.', print: () => undefined, timeoutMs: 100 });
  await assert.rejects(demo, /timed out/);
});

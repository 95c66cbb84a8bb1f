import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

import type { HostProcess } from '../../local/host-process.ts';
import { eventually } from '../support/eventually.ts';
import { assertNoHandlerThrew } from '../support/host.ts';
import { fixture } from './fixture-host.ts';

let host: HostProcess;
before(async () => {
  host = await (await fixture()).startHost({ FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000000' });
});
after(() => host.stop());

const call = (path: string, init?: RequestInit) => fetch(`${host.url}${path}`, init);
const json = async (path: string, init?: RequestInit) => (await call(path, init)).json() as Promise<unknown>;

test('route parameters, the raw query and headers reach the handler', async () => {
  const answer = await json('/items/7?a=1&a=2', { headers: { 'x-test': 'yes' } });
  const query = [
    ['a', '1'],
    ['a', '2'],
  ];
  assert.deepEqual(answer, { params: { id: '7' }, query, method: 'GET', path: '/items/7', header: 'yes' });
});

test('paths know no case, and a parameter is decoded except for %2F', async () => {
  const answer = (await json('/ITEMS/a%20b%2Fc/d', { method: 'PUT', body: 'x' })) as { params: object };
  assert.deepEqual(answer.params, { id: 'a b%2Fc', part: 'd' });
});

test('a literal route wins over a parameter, any of them over the catch-all', async () => {
  assert.equal(await (await call('/items/special')).text(), 'special');
  assert.deepEqual(await json('/elsewhere/at/all'), { rest: 'elsewhere/at/all' });
  assert.deepEqual(await json('/'), { rest: null });
});

test('a method that one route lacks is tried on the others, and is 404 when none has it', async () => {
  assert.deepEqual(await json('/items/1', { method: 'DELETE' }), { rest: 'items/1' });
  assert.equal((await call('/items/1', { method: 'PATCH' })).status, 404);
});

test('bodies come back byte for byte, with headers and every cookie', async () => {
  const body = randomBytes(900_000);
  const answer = await call('/echo', { method: 'POST', body, headers: { 'content-type': 'x/y' } });
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), body);
  assert.equal(answer.headers.get('content-type'), 'x/y');
  assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2']);
});

test('a multipart form is parsed by the library from the stream', async () => {
  const body = new FormData();
  body.set('file', new Blob(['contents\r\n--odd']), 'name.txt');
  assert.equal(await (await call('/form', { method: 'POST', body })).text(), 'contents\r\n--odd');
});

test('an answer without a body has none', async () => {
  const answer = await call('/empty');
  assert.equal(answer.status, 204);
  assert.equal(await answer.text(), '');
});

test('events reach the client one by one while the request is still being sent', async () => {
  const req = request(`${host.url}/events`, { method: 'POST' });
  req.flushHeaders();
  const [res] = (await once(req, 'response')) as [import('node:http').IncomingMessage];
  res.setEncoding('utf8');
  const events = res[Symbol.asyncIterator]();
  const next = async () => (await events.next()).value as unknown;
  assert.equal(await next(), 'data: begin\n\n');
  req.write('one');
  assert.equal(await next(), 'data: one\n\n');
  req.write('two');
  assert.equal(await next(), 'data: two\n\n');
  req.end();
  assert.equal(await next(), 'data: end\n\n');
});

test('a reader that stops stops the writer, and a client that leaves ends the stream', async () => {
  const state = () => json('/endless/state') as Promise<{ open: number; written: number }>;
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
  socket.pause();
  socket.write('GET /endless HTTP/1.1\r\nhost: x\r\n\r\n');
  await eventually('the stream to begin', async () => (await state()).open === 1);
  // Two equal readings, one after the other, with nothing read: the writer waits.
  let last = -1;
  const written = await eventually('the writer to wait', async () => {
    const seen = last;
    last = (await state()).written;
    return seen === last && last;
  });
  assert.ok(written < 64 * 1024 * 1024, `${written} bytes were written to a reader that reads nothing`);
  socket.destroy();
  await eventually('the app to notice', async () => (await state()).open === 0);
});

test('a body over the limit is refused by its declared length, before a function runs', async () => {
  const answer = await call('/count', { method: 'POST', body: Buffer.alloc(1_000_001) });
  assert.equal(answer.status, 413);
  assert.deepEqual(await json('/count', { method: 'POST', body: Buffer.alloc(1_000_000) }), {
    bytes: 1_000_000,
  });
});

test('a body over the limit without a declared length is refused once it is too long', async () => {
  const chunk = Buffer.alloc(300_000);
  const body = ReadableStream.from([chunk, chunk, chunk, chunk]);
  const answer = await call('/count', { method: 'POST', body, duplex: 'half' } as RequestInit);
  assert.equal(answer.status, 413);
  await eventually('the note', () =>
    host.logs().includes('count (POST /count) threw when its connection was over'),
  );
});

test('a client that asks first (Expect: 100-continue) is told to go on, or refused', async () => {
  const ask = async (length: number) => {
    const req = request(`${host.url}/count`, {
      method: 'POST',
      headers: { expect: '100-continue', 'content-length': length },
    });
    req.on('continue', () => req.end(Buffer.alloc(length)));
    req.flushHeaders();
    const [res] = (await once(req, 'response')) as [import('node:http').IncomingMessage];
    res.resume();
    req.destroy();
    return res.statusCode;
  };
  assert.equal(await ask(10), 200);
  assert.equal(await ask(2_000_000), 413);
});

test('a target or a Host header that makes no URL is 400, and the host lives on', async () => {
  const ask = async (lines: string) => {
    const socket = connect(Number(new URL(host.url).port), '127.0.0.1').setEncoding('utf8');
    socket.write(`${lines}\r\nconnection: close\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
  };
  assert.equal(await ask('GET /empty HTTP/1.1\r\nhost: a b'), '400');
  assert.equal(await ask('GET /empty HTTP/1.1\r\nhost: user:word@x'), '400');
  assert.equal(
    await ask('GET /empty HTTP/1.1\r\nhost: x\r\nhost: y'),
    '400',
    'two are a way to be two hosts',
  );
  assert.equal(await ask('GET /empty HTTP/1.1\r\nhost: x\r\nhost: x'), '400');
  assert.equal(await ask('GET mailto:x HTTP/1.1\r\nhost: x'), '400');
  assert.equal(await ask('GET // HTTP/1.1\r\nhost: x'), '404');
  assert.equal(await ask('GET /%ff/%zz/%00 HTTP/1.1\r\nhost: x'), '404');
  assert.equal(await ask('GET http://x/empty?a=b HTTP/1.1\r\nhost: x'), '204');
  assert.equal(await ask('GET /empty HTTP/1.0\r\nx: y'), '204');
});

test('an answer that comes before the body was read does not wait for it', async () => {
  const req = request(`${host.url}/items/special`, {
    method: 'POST',
    headers: { 'content-length': 900_000 },
  });
  req.on('error', () => undefined); // The host may close while we still could send.
  req.write('only a part');
  const [res] = (await once(req, 'response')) as [import('node:http').IncomingMessage];
  assert.equal(res.statusCode, 404);
  assert.deepEqual(JSON.parse(await text(res)), { rest: 'items/special' });
  req.destroy();
});

test('well-behaved handlers leave no complaint; one that throws is 500 at once and logged loudly', async () => {
  assertNoHandlerThrew(host);
  assert.equal((await call('/throws')).status, 500);
  await eventually('the log line', () => host.logs().includes('HANDLER THREW in throws (GET /throws)'));
  assert.throws(() => assertNoHandlerThrew(host));
});

test('a body that breaks off is visible as such', async () => {
  const broken = async () => {
    const answer = await call('/breaks');
    assert.equal(answer.status, 500);
    await answer.text();
  };
  // 500 when nothing was sent yet, a broken connection otherwise; never a whole answer.
  await broken().catch((error: unknown) => assert.ok(error instanceof Error));
  await eventually('the log line', () => host.logs().includes('HANDLER THREW in breaks'));
});

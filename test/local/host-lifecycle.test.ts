import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';

import { startHostProcess } from '../../local/host-process.ts';
import { eventually } from '../support/eventually.ts';
import { type Fixture, fixture } from './fixture-host.ts';

const begun = (app: Fixture) => async () => (await app.journal()).some(({ event }) => event === 'begin');

test('SIGTERM lets a message and a request finish, then the app says good-bye', async () => {
  const app = await fixture();
  const host = await app.startHost();
  await app.send({ name: 'slow', milliseconds: 300 });
  const req = request(`${host.url}/events`, { method: 'POST' });
  req.flushHeaders();
  const [res] = (await once(req, 'response')) as [import('node:http').IncomingMessage];
  await eventually('the message', begun(app));
  host.signal('SIGTERM');
  await eventually('the listeners to stop', () => host.logs().includes('SIGTERM'));
  req.end('last');
  let text = '';
  for await (const chunk of res.setEncoding('utf8')) text += chunk;
  assert.match(text, /data: last\n\ndata: end/);
  assert.equal(await host.exited, 0);
  const events = (await app.journal()).map(({ event }) => event);
  assert.deepEqual(events, ['appStart', 'begin', 'end', 'appTerminate']);
  const { approximateMessagesCount } = await app.work.getProperties();
  assert.equal(approximateMessagesCount, 0, 'the message that finished was deleted');
});

test('a second signal ends at once', async () => {
  const app = await fixture();
  const host = await app.startHost();
  await app.send({ name: 'endless', milliseconds: 600_000 });
  await eventually('the message', begun(app));
  host.signal('SIGTERM');
  await eventually('the drain', () => host.logs().includes('SIGTERM'));
  host.signal('SIGINT');
  assert.equal(await host.exited, 1);
});

test('a message whose host was killed stays hidden, as in Azure', async () => {
  const app = await fixture();
  const host = await app.startHost();
  await app.send({ name: 'lost', milliseconds: 600_000 });
  await eventually('the message', begun(app));
  await host.kill();
  assert.equal(await host.exited, 'SIGKILL');
  const { receivedMessageItems } = await app.work.receiveMessages();
  assert.deepEqual(receivedMessageItems, []);
  assert.equal((await app.work.getProperties()).approximateMessagesCount, 1);
});

test('an app that cannot be loaded is told by name', async () => {
  const missing = startHostProcess({ functions: 'no/such/*.ts', environment: process.env });
  await assert.rejects(missing, /No file in .* matches "no\/such\/\*\.ts"/);
});

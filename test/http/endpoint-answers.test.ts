/** The way out: what a caller gets when something of ours fails, and answers that are streams. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createEndpoint } from '../../shared/http/endpoint.ts';
import { StreamReply } from '../../shared/http/reply.ts';
import { fetchOf } from '../support/in-process.ts';
import { api, echo, refusal } from './endpoint-scene.ts';

test('a failure of ours is a plain 500, logged with the request id', async () => {
  const { call, logged } = api({
    getAssistant: async () => {
      throw new TypeError('secret detail: cannot read properties of undefined');
    },
  });
  const answer = await call('/v1/assistants/a');
  assert.doesNotMatch(await answer.clone().text(), /secret|TypeError|at /);
  assert.deepEqual((await refusal(answer)).status, 500);
  assert.equal(logged.length, 1);
  assert.equal(logged[0]?.fields?.requestId, answer.headers.get('x-request-id'));
});

test('storage that does not answer is a 503, which the official clients try again', async () => {
  for (const failure of [{}, { statusCode: 503 }, { code: 'REQUEST_SEND_ERROR' }]) {
    const { call } = api({
      getAssistant: async () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { name: 'RestError' }, failure);
      },
    });
    const answer = await call('/v1/assistants/a');
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '1');
  }
});

test('services that cannot be made are an answer, too', async () => {
  const fetch = fetchOf(
    createEndpoint(echo, async () => {
      throw new Error('no configuration');
    }),
  );
  const answer = await fetch('http://api/v1/assistants', { headers: { 'api-key': 'x' } });
  assert.equal(answer.status, 500);
});

test('a streamed answer carries its headers and ends its source when nobody reads on', async () => {
  let ended = false;
  async function* source() {
    try {
      for (;;) yield 'chunk\n';
    } finally {
      ended = true;
    }
  }
  const { call } = api({
    getAssistant: async () => new StreamReply(source(), { 'content-type': 'text/plain' }),
  });
  const answer = await call('/v1/assistants/a');
  assert.equal(answer.headers.get('content-type'), 'text/plain');
  assert.match(answer.headers.get('x-request-id') ?? '', /^req_/);
  const reader = answer.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  assert.equal(ended, true);
});

test('a source that fails ends the answer without rejecting, and is logged', async () => {
  async function* source() {
    yield 'one';
    throw new Error('gone');
  }
  const { call, logged } = api({ getAssistant: async () => new StreamReply(source(), {}) });
  assert.equal(await (await call('/v1/assistants/a')).text(), 'one');
  assert.equal(logged[0]?.message, 'An answer broke off');
});

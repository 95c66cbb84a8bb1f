/** The way into every operation: doors, keys, paths, bodies, queries and the limit of requests. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { api, echo, refusal } from './endpoint-scene.ts';

test('every answer says which request it was and how long it took', async () => {
  const { call } = api(echo);
  for (const answer of [await call('/v1/assistants'), await call('/v1/nothing')]) {
    assert.match(answer.headers.get('x-request-id') ?? '', /^req_[0-9a-z]+$/);
    assert.match(answer.headers.get('openai-processing-ms') ?? '', /^\d+$/);
    assert.equal(answer.headers.get('content-type'), 'application/json');
  }
});

test('the same operations answer behind all three doors, with either header', async () => {
  const { call } = api(echo);
  for (const door of ['/v1', '/openai', '/openai/v1']) {
    for (const headers of [
      { authorization: 'Bearer KEY-B-0123456789' },
      { authorization: 'bearer KEY-B-0123456789' },
      { authorization: '', 'api-key': 'KEY-B-0123456789' },
      { authorization: 'Bearer eyJ.a.token', 'api-key': 'KEY-B-0123456789' },
    ]) {
      const answer = await call(`${door}/assistants/asst_1?api-version=2024-05-01-preview`, { headers });
      assert.deepEqual(await answer.json(), { assistant_id: 'asst_1', project: 'team-b' });
    }
  }
});

test('a key without a project is a project of its own, named after its hash', async () => {
  const { call } = api(echo);
  const answer = await call('/v1/assistants/x', {
    headers: { authorization: 'Bearer ANONYMOUS-0123456789' },
  });
  const name = createHash('sha256').update('ANONYMOUS-0123456789').digest('hex').slice(0, 16);
  assert.equal(((await answer.json()) as { project: string }).project, `key-${name}`);
});

for (const [says, headers, shown] of [
  ['no key', { authorization: '' }, '(none)'],
  ['a wrong key', { authorization: 'Bearer sk-wrong-key-0123456789' }, '****6789'],
  ['a short wrong key', { authorization: 'Bearer secret' }, '****'],
  [
    'a wrong key in the other header',
    { authorization: '', 'api-key': 'sk-wrong-key-0123456789' },
    '****6789',
  ],
  ['a part of a key', { authorization: 'Bearer KEY-A-012345678' }, '****'],
  ['another scheme', { authorization: 'Basic KEY-A-0123456789' }, '(none)'],
] as const) {
  test(`${says} is refused, and at most four of its characters are shown`, async () => {
    const { call } = api(echo);
    assert.deepEqual(await refusal(await call('/v1/assistants', { headers })), {
      status: 401,
      type: 'invalid_request_error',
      code: 'invalid_api_key',
      param: null,
      message: `Incorrect API key provided: ${shown}. Send one of the keys of this deployment as 'Authorization: Bearer KEY' or 'api-key: KEY'.`,
    });
  });
}

test('unknown paths and wrong methods are told apart', async () => {
  const { call } = api(echo);
  const rows = [
    ['POST', '/v1/foo', 404, 'unknown_url', 'Invalid URL (POST /v1/foo)'],
    ['GET', '/v1/assistants/a/b', 404, 'unknown_url', 'Invalid URL (GET /v1/assistants/a/b)'],
    ['GET', '/v1', 404, 'unknown_url', 'Invalid URL (GET /v1)'],
    ['GET', '/v2/assistants', 404, 'unknown_url', 'Invalid URL (GET /v2/assistants)'],
    ['PUT', '/v1/assistants', 405, 'method_not_supported', 'Not allowed to PUT on /v1/assistants.'],
    [
      'DELETE',
      '/openai/v1/threads',
      405,
      'method_not_supported',
      'Not allowed to DELETE on /openai/v1/threads.',
    ],
    [
      'GET',
      '/v1/threads/t/runs/r/cancel',
      405,
      'method_not_supported',
      'Not allowed to GET on /v1/threads/t/runs/r/cancel.',
    ],
  ] as const;
  for (const [method, path, status, code, message] of rows) {
    assert.deepEqual(await refusal(await call(path, { method })), {
      status,
      type: 'invalid_request_error',
      code,
      param: null,
      message,
    });
  }
});

test('a literal goes before a parameter; what cannot be an id is decoded once and not looked for', async () => {
  const { call } = api(echo);
  const run = await call('/v1/threads/runs', { method: 'POST', body: '{"assistant_id":"asst_1"}' });
  assert.deepEqual(await run.json(), { operation: 'createThreadAndRun' });
  for (const [segment, id] of [
    ["a%2Fb%20'%25%F0%9F%98%80", "a/b '%😀"],
    ['%ff', '%ff'],
    ['%00', '\u0000'],
    ['x'.repeat(129), 'x'.repeat(129)],
  ]) {
    const answer = await call(`/v1/threads/${segment}`, { method: 'POST', body: '{}' });
    assert.deepEqual(await refusal(answer), {
      status: 404,
      type: 'invalid_request_error',
      param: null,
      code: null,
      message: `No thread found with id '${id}'.`,
    });
  }
  assert.equal((await call('/v1/assistants/?limit=1')).status, 200);
});

test('an empty body counts as an empty object, and a body nobody asked for is left alone', async () => {
  const { call } = api(echo);
  assert.equal((await call('/v1/threads/t', { method: 'POST' })).status, 200);
  const cancelled = await call('/v1/threads/t/runs/r/cancel', { method: 'POST', body: '<xml>' });
  assert.equal(cancelled.status, 200);
});

for (const [says, body] of [
  ['text', 'model=gpt-4o'],
  ['a cut object', '{"model":"gpt-4o"'],
  ['a trailing comma', '{"model":"gpt-4o",}'],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d])],
] as const) {
  test(`a body that is ${says} is refused as no JSON`, async () => {
    const { call } = api(echo);
    const answer = await refusal(await call('/v1/assistants', { method: 'POST', body }));
    assert.equal(answer.status, 400);
    assert.match(
      String((answer as { message?: unknown }).message),
      /^We could not parse the JSON body of your request\. /,
    );
    assert.equal((answer as { code?: unknown }).code, null);
  });
}

test('a body that is too large is refused with the limit, declared or not', async () => {
  const { call } = api(echo);
  const body = `{"model":"${'x'.repeat(4 * 1024 * 1024)}"}`;
  const expected = {
    status: 413,
    type: 'invalid_request_error',
    code: null,
    param: null,
    message: 'The request body is too large: the limit is 4194304 bytes (4 MiB).',
  };
  assert.deepEqual(await refusal(await call('/v1/assistants', { method: 'POST', body })), expected);
  const headers = { 'content-length': String(40 * 1024 * 1024) };
  assert.deepEqual(
    await refusal(await call('/v1/assistants', { method: 'POST', headers, body: '{}' })),
    expected,
  );
});

test('deep nesting, half characters and hostile keys do no harm', async () => {
  const { call } = api(echo);
  const post = async (body: string) => call('/v1/assistants', { method: 'POST', body });
  const deep = await refusal(await post(`{"model":${'['.repeat(100_000)}${']'.repeat(100_000)}}`));
  assert.equal(deep.status, 400);
  assert.match(String((deep as { message?: unknown }).message), /nested too deeply/);
  const half = await refusal(await post('{"model":"m","metadata":{"a":"x\\ud83d"}}'));
  assert.deepEqual(half, {
    status: 400,
    type: 'invalid_request_error',
    code: 'invalid_value',
    param: 'metadata.a',
    message: "Invalid text: 'metadata.a' contains half of a surrogate pair (a character cut in two).",
  });
  assert.equal((await post('{"model":"a","model":"b"}')).status, 200);
  const hostile = await refusal(await post('{"model":"m","metadata":{"__proto__":"x"}}'));
  assert.deepEqual(hostile, {
    status: 400,
    type: 'invalid_request_error',
    code: 'invalid_value',
    param: 'metadata.__proto__',
    message: "Invalid property name: 'metadata.__proto__' cannot be stored.",
  });
  const metadata = { constructor: 'x', prototype: 'y', toString: 'z' };
  const kept = await post(JSON.stringify({ model: 'm', metadata }));
  assert.deepEqual(((await kept.json()) as { body: { metadata: object } }).body.metadata, metadata);
});

test('lists take their limits, cursors and order from the query', async () => {
  const { call } = api(echo);
  assert.deepEqual(await (await call('/v1/assistants')).json(), { limit: 20, order: 'desc' });
  const query = 'limit=100&order=asc&after=asst_a&before=asst_b&api-version=x';
  assert.deepEqual(await (await call(`/v1/assistants?${query}`)).json(), {
    limit: 100,
    order: 'asc',
    after: 'asst_a',
    before: 'asst_b',
  });
  const rows = [
    [
      'limit=101',
      'limit',
      'integer_above_max_value',
      "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
    ],
    [
      'limit=0',
      'limit',
      'integer_below_min_value',
      "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ],
    [
      'limit=ten',
      'limit',
      'invalid_type',
      "Invalid type for 'limit': expected an integer, but got a string instead.",
    ],
    [
      'limit=1.5',
      'limit',
      'invalid_type',
      "Invalid type for 'limit': expected an integer, but got a decimal number instead.",
    ],
    ['order=up', 'order', 'invalid_value', "Invalid value: 'up'. Supported values are: 'asc' and 'desc'."],
    ['limt=5', 'limt', 'unknown_parameter', "Unknown parameter: 'limt'. Did you mean 'limit'?"],
    ['limit[]=5', 'limit[]', 'unknown_parameter', "Unknown parameter: 'limit[]'. Did you mean 'limit'?"],
    [
      'api_version=2024-05-01-preview',
      'api_version',
      'unknown_parameter',
      "Unknown parameter: 'api_version'. Did you mean 'api-version'?",
    ],
    [
      "after=a'%20or%201",
      'after',
      'invalid_value',
      "Invalid 'after': string does not match pattern. Expected a string that matches the pattern '^[A-Za-z0-9_-]{1,128}$'.",
    ],
  ] as const;
  for (const [text, param, code, message] of rows) {
    assert.deepEqual(await refusal(await call(`/v1/assistants?${text}`)), {
      status: 400,
      type: 'invalid_request_error',
      param,
      code,
      message,
    });
  }
});

test('requests beyond the limit of their key wait; other keys do not', async () => {
  let now = 0;
  const { call } = api(echo, { perMinute: 2, clock: { now: () => now } });
  const other = { authorization: 'Bearer KEY-B-0123456789' };
  assert.equal((await call('/v1/assistants')).status, 200);
  assert.equal((await call('/v1/assistants')).status, 200);
  const refused = await call('/v1/assistants');
  assert.equal(refused.headers.get('retry-after'), '30');
  assert.deepEqual(await refusal(refused), {
    status: 429,
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    param: null,
    message: 'Rate limit reached: this key may send 2 requests per minute. Please try again in 30s.',
  });
  assert.equal((await call('/v1/assistants', { headers: other })).status, 200);
  now += 30_000;
  assert.equal((await call('/v1/assistants')).status, 200);
  assert.equal((await call('/v1/assistants')).status, 429);
});

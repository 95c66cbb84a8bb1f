import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { observeFetch } from './observed-fetch.ts';
import { readDocument } from './public-document.ts';

/** The suite's own checks: what they would let pass, no row would notice. */
let answer: { status: number; body: unknown; headers: Record<string, string> };
const server = createServer((_request, response) => {
  const isText = typeof answer.body === 'string';
  response.writeHead(answer.status, {
    'content-type': isText ? 'text/event-stream' : 'application/json',
    ...answer.headers,
  });
  response.end(isText ? answer.body : JSON.stringify(answer.body));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
after(() => server.close());
const { port } = server.address() as AddressInfo;

const common = { 'x-request-id': 'req_1', 'openai-processing-ms': '1' };
const assistant = {
  id: 'asst_1',
  object: 'assistant',
  created_at: 1_700_000_000,
  name: null,
  description: null,
  model: 'm',
  instructions: null,
  tools: [],
  tool_resources: {},
  metadata: {},
  temperature: 1,
  top_p: 1,
  response_format: 'auto',
};
const { name: _name, ...nameless } = assistant;
const page = { object: 'list', data: [assistant], first_id: 'asst_1', last_id: 'asst_1', has_more: false };
const refused = { error: { message: 'No assistant found.', type: 'invalid_request_error', param: null } };

interface Broken {
  readonly says: string;
  readonly path?: string;
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
  readonly finds: RegExp;
}

const broken: readonly Broken[] = [
  { says: 'a field is missing', body: nameless, finds: /name: / },
  { says: 'a field is unknown', body: { ...assistant, extra: 1 }, finds: /Unrecognized key: "extra"/ },
  { says: 'milliseconds stand for seconds', body: { ...assistant, created_at: 1.7e12 }, finds: /created_at/ },
  { says: 'null stands for a default', body: { ...assistant, temperature: null }, finds: /temperature/ },
  { says: 'a header is missing', body: assistant, headers: {}, finds: /no x-request-id/ },
  { says: 'a list forgets its last id', path: '', body: { ...page, last_id: null }, finds: /last_id/ },
  {
    says: 'an empty list has more',
    path: '',
    body: { ...page, data: [], has_more: true },
    finds: /has_more/,
  },
  { says: 'an error has no code', status: 404, body: refused, finds: /error\.code/ },
  { says: 'the server fails', status: 500, body: refused, finds: /a failure/ },
];

for (const { says, path = '/asst_1', status = 200, body, headers = common, finds } of broken) {
  test(`it is noticed when ${says}`, async () => {
    const { fetch, problems } = observeFetch(undefined);
    answer = { status, body, headers };
    await (await fetch(`http://127.0.0.1:${port}/v1/assistants${path}`)).text();
    assert.match((await problems()).join('\n'), finds);
    assert.deepEqual(await problems(), []);
  });
}

test('a sound answer has no problems, and counts as done', async () => {
  const { fetch, problems, done } = observeFetch(undefined);
  answer = { status: 200, body: assistant, headers: common };
  await (await fetch(`http://127.0.0.1:${port}/v1/assistants/asst_1`)).text();
  assert.deepEqual(await problems(), []);
  assert.deepEqual([...done], ['getAssistant']);
});

test('it is noticed when a stream has a strange event, or no end', async () => {
  const { fetch, problems } = observeFetch(undefined);
  answer = { status: 200, body: 'event: thread.odd\ndata: {}\n\n', headers: common };
  await (await fetch(`http://127.0.0.1:${port}/v1/threads/t/runs/r/events`)).text();
  const found = (await problems()).join('\n');
  assert.match(found, /thread\.odd: unknown event/);
  assert.match(found, /the stream ended with thread\.odd/);
});

test('the public document is followed through its references, alternatives and nulls', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'document.json');
  const answers = {
    200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
  };
  const thing = {
    type: 'object',
    required: ['id', 'part'],
    properties: {
      id: { type: 'string', maxLength: 3 },
      count: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }] },
      part: { allOf: [{ $ref: '#/components/schemas/Part' }, { nullable: true }] },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      many: { type: 'array', maxItems: 1, items: { $ref: '#/components/schemas/Part' } },
    },
  };
  const part = { type: 'object', required: ['kind'], properties: { kind: { type: 'string', enum: ['a'] } } };
  const schemas = { Thing: thing, Part: part };
  await writeFile(
    file,
    JSON.stringify({ paths: { '/things': { get: { responses: answers } } }, components: { schemas } }),
  );
  const document = readDocument(file);
  const check = (value: unknown) => document.checkAnswer('GET', '/things', value);
  assert.deepEqual(check({ id: '😀😀😀', part: null, count: null }), []);
  assert.deepEqual(check({ id: 'x', part: { kind: 'a' }, count: 2, labels: { a: 'b' } }), []);
  assert.deepEqual(check({ part: { kind: 'b' }, count: 0, labels: { a: 1 }, many: [{}, null] }), [
    '.id: missing',
    '.part.kind: "b" is not in the enum',
    '.count: out of range',
    '.labels.a: expected string, got 1',
    '.many: too many',
    '.many[0].kind: missing',
    '.many[1]: expected object, got null',
  ]);
  assert.deepEqual(document.operations, ['GET /things']);
});

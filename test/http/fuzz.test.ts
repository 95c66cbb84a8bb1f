import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import fc from 'fast-check';

import { type Operation, operations } from '../../shared/api/operations.ts';
import { testApi } from '../support/api.ts';

/**
 * Malformed requests over all operations: never a 5xx, never a hang, never a write. The seed is printed;
 * FUZZ_SEED repeats a run.
 */
const BATCH = 10;
const BATCHES = 500;
const SLOWEST_MS = 15_000;

const api = await testApi({ RATE_LIMIT_PER_MINUTE: '1000000' });
after(() => api[Symbol.asyncDispose]());

const known: Record<string, string> = {};
before(async () => {
  const { beta } = api.client();
  known.assistant_id = (await beta.assistants.create({ model: 'scripted' })).id;
  known.thread_id = (await beta.threads.create()).id;
});

const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\ud800',
    '😀',
    '\u202e',
    "' or 1 eq 1 or '",
    '__proto__',
    '../..',
    'null',
  ),
  fc.nat({ max: 300_000 }).map((length) => 'x'.repeat(length)),
);

const oddValue = fc.oneof(
  oddText,
  fc.constantFrom(null, true, 0, -1, 1.5, 1e308, -0, Number.MAX_SAFE_INTEGER, [], {}, [[]], [null]),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Bodies that would be accepted; one of their values is then replaced. */
const plausible: object[] = [
  {
    model: 'm',
    tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
    metadata: { a: 'b' },
  },
  { model: 'm', tool_resources: { code_interpreter: { file_ids: [] } }, response_format: { type: 'text' } },
  { role: 'user', content: [{ type: 'text', text: 'x' }], attachments: [{ file_id: 'file-x', tools: [] }] },
  { assistant_id: 'asst_x', thread: { messages: [{ role: 'user', content: 'x' }] }, tool_choice: 'auto' },
  { assistant_id: 'asst_x', truncation_strategy: { type: 'last_messages', last_messages: 3 }, stream: true },
  { tool_outputs: [{ tool_call_id: 'call_x', output: 'x' }] },
  { filename: 'x', purpose: 'assistants', bytes: 3, mime_type: 'text/plain' },
  { part_ids: ['part_x'], md5: 'x' },
];

/** `value` with the leaf or branch that `at` points at replaced. */
function mutate(value: unknown, at: readonly number[], replacement: unknown): unknown {
  if (typeof value !== 'object' || value === null || at.length === 0) return replacement;
  const entries = Object.entries(value);
  if (entries.length === 0) return replacement;
  const [index = 0, ...rest] = at;
  const chosen = entries[index % entries.length]?.[0];
  const changed = entries.map(([key, item]) => [
    key,
    key === chosen ? mutate(item, rest, replacement) : item,
  ]);
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

const mutated = fc
  .record({
    base: fc.constantFrom(...plausible),
    at: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
    replacement: oddValue,
    extra: fc.option(fc.tuple(oddText, oddValue)),
  })
  .map(({ base, at, replacement, extra }) =>
    JSON.stringify({
      ...(mutate(base, at, replacement) as object),
      ...(extra ? { [extra[0]]: extra[1] } : {}),
    }),
  );

const boundary = 'xyz';
const multipart = fc
  .array(
    fc.oneof(
      fc.constantFrom(`--${boundary}`, `--${boundary}--`, '\r\n', '\r\n\r\n', '--', 'content-type: x'),
      fc
        .constantFrom('file', 'data', 'purpose', 'expires_after[seconds]')
        .map((name) => `content-disposition: form-data; name="${name}"; filename="a"\r\n\r\n`),
      fc
        .constantFrom('purpose', '__proto__', 'file')
        .map((name) => `content-disposition: form-data; name="${name}"\r\n\r\n`),
      oddText,
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const body = fc.oneof(
  { weight: 5, arbitrary: mutated },
  { weight: 2, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: oddText },
  { weight: 3, arbitrary: multipart },
  { weight: 1, arbitrary: fc.nat({ max: 50_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)) },
  { weight: 1, arbitrary: fc.nat({ max: 50_000 }).map((depth) => '{"model":'.repeat(depth)) },
);

const idLike = fc.oneof(
  oddText.filter((text) => text.length < 500),
  fc.constantFrom(
    "asst_'",
    'thread_x)/',
    '%2e%2e',
    "PartitionKey eq 'a'",
    'a/b',
    'a?b',
    'a#b',
    '*',
    '.',
    '\\',
  ),
  fc.constantFrom('assistant_id', 'thread_id').map((name) => `known:${name}`),
);

const contentType = fc.constantFrom(
  'application/json',
  'text/plain',
  '',
  'multipart/form-data',
  `multipart/form-data; boundary=${boundary}`,
  'multipart/form-data; boundary="',
  'application/json; charset=utf-16',
);

const anyRequest = fc.record({
  operation: fc.constantFrom<Operation>(...Object.values(operations)),
  door: fc.constantFrom('/v1', '/openai', '/openai/v1'),
  method: fc.option(fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'), { freq: 8 }),
  ids: fc.array(idLike, { minLength: 3, maxLength: 3 }),
  tail: fc.option(fc.constantFrom('/', '//', '/..', '/%00', '/runs', '%2f', '/..%2f..'), { freq: 6 }),
  query: fc.dictionary(
    fc.oneof(fc.constantFrom('limit', 'order', 'after', 'before', 'run_id', 'include[]', 'purpose'), oddText),
    oddText,
    { maxKeys: 3 },
  ),
  body,
  contentType,
  beta: fc.option(fc.constantFrom('assistants=v1', 'assistants=v2', '\u00e9')),
});
type AnyRequest = typeof anyRequest extends fc.Arbitrary<infer T> ? T : never;

function send(request: AnyRequest): Promise<Response> {
  const { operation, door, query, ids } = request;
  let next = 0;
  const path = operation.path.replaceAll(/\{\w+\}/g, () => {
    const id = (ids[next++ % ids.length] ?? '').toWellFormed();
    // A listed id stands for an object that exists; what is mutated then is the request about it.
    return encodeURIComponent(id.startsWith('known:') ? (known[id.slice(6)] ?? '') : id);
  });
  const search = new URLSearchParams(query);
  const method = request.method ?? operation.method;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return api.fetch(`http://api${door}${path}${request.tail ?? ''}?${search}`, {
    method,
    ...(hasBody ? { body: request.body } : {}),
    headers: {
      'api-key': 'KEY-A',
      'content-type': request.contentType,
      ...(request.beta === null ? {} : { 'openai-beta': request.beta }),
    },
    signal: AbortSignal.timeout(SLOWEST_MS),
  });
}

/** Ids of all objects there are; what was created on purpose (a 200) does not count. */
async function objectIds(): Promise<string[]> {
  const { beta, files } = api.client();
  const found: string[] = [];
  for await (const { id } of beta.assistants.list({ limit: 100 })) found.push(id);
  for await (const { id } of files.list()) found.push(id);
  const threads = await api.fetch('http://api/v1/threads?limit=100', { headers: { 'api-key': 'KEY-A' } });
  for (const { id } of ((await threads.json()) as { data: { id: string }[] }).data) found.push(id);
  return found;
}

test(`${BATCH * BATCHES} malformed requests: never a 5xx, never a hang, never a write`, async (context) => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
  context.diagnostic(`seed ${seed}`);
  const created = new Set(await objectIds());
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyRequest, { minLength: BATCH, maxLength: BATCH }), async (requests) => {
      const answers = await Promise.all(requests.map(send));
      for (const [index, answer] of answers.entries()) {
        const text = await answer.text();
        const of = `${requests[index]?.operation.method} ${requests[index]?.operation.path}: ${text.slice(0, 300)}`;
        assert.ok(answer.status < 500, `${answer.status} for ${of}`);
        if (answer.status >= 400) {
          refused += 1;
          const { error } = JSON.parse(text) as { error: Record<string, unknown> };
          assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code'], of);
          assert.ok(String(error.message).length > 10, of);
        } else if (text.startsWith('{')) {
          const { id } = JSON.parse(text) as { id?: string };
          if (id) created.add(id);
        }
      }
    }),
    { numRuns: BATCHES, seed, endOnFailure: true },
  );
  context.diagnostic(`${refused} of ${BATCH * BATCHES} were refused`);
  assert.ok(refused > BATCH * BATCHES * 0.8, 'most of them are malformed');
  assert.deepEqual(
    (await objectIds()).filter((id) => !created.has(id)),
    [],
  );
});

import fc from 'fast-check';
import { type OperationName, operations } from '../../shared/operations/all.ts';
import type { Operation } from '../../shared/operations/operation.ts';

/** Requests that nobody should send, over all operations: arbitraries for the fuzz test. */

/** Something in one of `times` cases, otherwise null. */
function rarely<T>(arbitrary: fc.Arbitrary<T>, times: number): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

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

/** Stands for the id of an object that exists, in paths and in bodies. */
const known = (name: string): string => `known:${name}`;
const KNOWN = /known:(\w+)/g;

/** Puts real ids in the places that ask for them. */
export const withKnownIds = (text: string, ids: Readonly<Record<string, string>>): string =>
  text.replaceAll(KNOWN, (_, name: string) => ids[name] ?? 'unknown');

const files = [known('file_id')];
const message = { role: 'user', content: 'x', attachments: [{ file_id: files[0], tools: [] }] };
const runFields = {
  assistant_id: known('assistant_id'),
  tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
  tool_choice: { type: 'function', function: { name: 'f' } },
  truncation_strategy: { type: 'last_messages', last_messages: 3 },
  response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {}, strict: true } },
  max_prompt_tokens: 256,
};

const assistant = {
  model: 'm',
  name: 'x',
  tools: runFields.tools,
  metadata: { a: 'b' },
  temperature: 1,
  reasoning_effort: 'low',
  tool_resources: {
    code_interpreter: { file_ids: files },
    file_search: { vector_stores: [{ file_ids: files }] },
  },
  response_format: { type: 'text' },
};
const thread = {
  messages: [message, { role: 'assistant', content: 'y' }],
  tool_resources: {
    code_interpreter: { file_ids: files },
    file_search: { vector_stores: [{ file_ids: files }] },
  },
};
const content = [
  { type: 'text', text: 'x' },
  { type: 'image_file', image_file: { file_id: files[0], detail: 'low' } },
  { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
];
const metadata = { metadata: { a: 'b' } };

const chunking = { type: 'static', static: { max_chunk_size_tokens: 200, chunk_overlap_tokens: 50 } };

/** Bodies that would be accepted; one of their values is then replaced. */
const plausible: Partial<Record<OperationName, readonly object[]>> = {
  createAssistant: [assistant],
  modifyAssistant: [assistant, metadata],
  createThread: [thread],
  createThreadAndRun: [
    { ...runFields, thread },
    { ...runFields, thread, stream: true },
  ],
  modifyThread: [{ tool_resources: thread.tool_resources }, metadata],
  createMessage: [message, { role: 'user', content, file_ids: files }],
  modifyMessage: [metadata],
  createRun: [
    { ...runFields, additional_messages: [message], additional_instructions: 'x' },
    { ...runFields, temperature: 2, top_p: 1, parallel_tool_calls: true, stream: true },
  ],
  modifyRun: [metadata],
  submitToolOutputs: [{ tool_outputs: [{ tool_call_id: 'call_x', output: 'x' }], stream: true }],
  createUpload: [{ filename: 'x', purpose: 'assistants', bytes: 3, mime_type: 'text/plain' }],
  completeUpload: [{ part_ids: ['part_x'], md5: 'x' }],
  createAssistantFile: [{ file_id: files[0] }],
  createVectorStore: [
    { file_ids: files, name: 'x', expires_after: { anchor: 'last_active_at', days: 3 }, ...metadata },
  ],
  modifyVectorStore: [{ name: 'x', expires_after: { anchor: 'last_active_at', days: 3 }, ...metadata }],
  createVectorStoreFile: [
    { file_id: files[0], attributes: { a: 1, b: 'c', d: true }, chunking_strategy: chunking },
  ],
  updateVectorStoreFileAttributes: [{ attributes: { a: 1, b: 'c', d: true } }],
  createVectorStoreFileBatch: [
    { file_ids: files, attributes: { a: 1 }, chunking_strategy: chunking },
    { files: [{ file_id: files[0], attributes: { a: 1 }, chunking_strategy: chunking }] },
  ],
  searchVectorStore: [
    { query: 'x', max_num_results: 3, ranking_options: { ranker: 'auto', score_threshold: 0.5 } },
    {
      query: ['x', 'y'],
      rewrite_query: true,
      filters: {
        type: 'and',
        filters: [
          { type: 'in', key: 'a', value: ['b', 1] },
          { type: 'or', filters: [{ type: 'gte', key: 'a', value: 1 }] },
        ],
      },
    },
  ],
};
const anyBody: readonly object[] = Object.values(plausible).flat();

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

const change = fc.record({
  /** Of the plausible bodies. */
  which: fc.nat(20),
  at: fc.array(fc.nat(7), { minLength: 1, maxLength: 5 }),
  replacement: oddValue,
  extra: rarely(fc.tuple(oddText, oddValue), 4),
  /** A body of another operation. */
  astray: rarely(fc.constant(true), 8),
});
type BodyChange = typeof change extends fc.Arbitrary<infer T> ? T : never;

function mutated(name: OperationName, { which, at, replacement, extra, astray }: BodyChange): string {
  const candidates = (astray ? undefined : plausible[name]) ?? anyBody;
  const base = candidates[which % candidates.length];
  const changed = mutate(base, at, replacement) as object;
  return JSON.stringify({ ...changed, ...(extra ? { [extra[0]]: extra[1] } : {}) });
}

const boundary = 'xyz';
const multipart = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        `--${boundary}\r\n`,
        `\r\n--${boundary}--`,
        '\r\n',
        '\r\n\r\n',
        '--',
        'content-type: x',
      ),
      fc
        .constantFrom('file', 'data', 'purpose', 'expires_after[seconds]')
        .map((name) => `content-disposition: form-data; name="${name}"; filename="a"\r\n\r\nx`),
      fc
        .constantFrom('purpose', '__proto__', 'file')
        .map((name) => `content-disposition: form-data; name="${name}"\r\n\r\nx`),
      oddText,
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

/** A body as it stands, or the change of one that fits. */
const body: fc.Arbitrary<string | BodyChange> = fc.oneof(
  { weight: 12, arbitrary: change },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: oddText },
  { weight: 4, arbitrary: multipart },
  { weight: 1, arbitrary: fc.nat({ max: 50_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)) },
  { weight: 1, arbitrary: fc.nat({ max: 50_000 }).map((depth) => '{"model":'.repeat(depth)) },
);

const idLike = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: oddText.filter((text) => text.length < 500) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "asst_'",
      'thread_x)/',
      '%2e%2e',
      "PartitionKey eq 'a'",
      "x' and RowKey ge '",
      'a/b',
      'a?b',
      'a#b',
      '*',
      '.',
      '\\',
    ),
  },
);

const wrongContentType = fc.constantFrom(
  'text/plain',
  '',
  'application/json',
  'multipart/form-data',
  'multipart/form-data; boundary="',
  'application/json; charset=utf-16',
  'application/x-www-form-urlencoded',
);

const oddQuery = fc.dictionary(
  fc.oneof(
    fc.constantFrom('limit', 'order', 'after', 'before', 'run_id', 'include[]', 'purpose', 'api-version'),
    oddText,
  ),
  oddText,
  { minKeys: 1, maxKeys: 3 },
);

/** What resembles no parameter is passed over: without a slip of the pen most operations accept any query. */
const slip = fc.constantFrom('api_version', 'api-versions', 'API-Version', 'api-verison');

const odd = fc.record({
  name: fc.constantFrom(...(Object.keys(operations) as OperationName[])),
  door: fc.constantFrom('/v1', '/openai', '/openai/v1'),
  method: rarely(fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'), 12),
  ids: fc.array(idLike, { minLength: 3, maxLength: 3 }),
  tail: rarely(fc.constantFrom('/', '//', '/..', '/%00', '/runs', '%2f', '/..%2f..'), 12),
  query: oddQuery,
  slip,
  withQuery: rarely(fc.constant(true), 5),
  body,
  contentType: rarely(wrongContentType, 6),
  beta: rarely(fc.constantFrom('assistants=v1', 'assistants=v2', '\u00e9'), 6),
});
type Odd = typeof odd extends fc.Arbitrary<infer T> ? T : never;

export interface OddRequest {
  readonly method: string;
  /** With its door and query; ids of objects that exist as `known:NAME`. */
  readonly target: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

export const oddRequest: fc.Arbitrary<OddRequest> = odd.map(toRequest);

function toRequest({ name, door, query, ids, ...request }: Odd): OddRequest {
  const operation: Operation = operations[name];
  const method = request.method ?? operation.method;
  let next = 0;
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => {
    const id = ids[next++ % ids.length];
    if (id !== undefined) return encodeURIComponent(id.toWellFormed());
    // What exists is not deleted: it would be missing where later requests need it.
    return method === 'DELETE' || name === 'cancelUpload' ? 'unknown' : known(parameter);
  });
  // Without a body the query is what can be wrong.
  const named = operation.query ? query : { ...query, [request.slip]: '' };
  const search = request.withQuery || method === 'GET' ? `?${new URLSearchParams(named)}` : '';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const body = typeof request.body === 'string' ? request.body : mutated(name, request.body);
  const fitting = operation.form ? `multipart/form-data; boundary=${boundary}` : 'application/json';
  return {
    method,
    target: `${door}${path}${request.tail ?? ''}${search}`,
    body: hasBody ? body : undefined,
    headers: {
      'content-type': request.contentType ?? fitting,
      ...(operation.only ? { 'openai-beta': `assistants=${operation.only}` } : {}),
      ...(request.beta === null ? {} : { 'openai-beta': request.beta }),
    },
  };
}

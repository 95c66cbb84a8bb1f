import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { AzureOpenAI, toFile } from 'openai';

import { dialectOf, toV1 } from '../../shared/http/dialect.ts';
import { testApi } from '../support/api.ts';

const api = await testApi();
after(() => api[Symbol.asyncDispose]());

type Json = Record<string, unknown>;

async function call(path: string, body?: object, headers: Record<string, string> = {}) {
  const answer = await api.fetch(`http://api${path}`, {
    method: body ? 'POST' : 'GET',
    ...(body ? { body: JSON.stringify(body) } : {}),
    headers: { 'api-key': 'KEY-A', 'content-type': 'application/json', ...headers },
  });
  return { status: answer.status, json: (await answer.json()) as Json };
}

const aFile = async () =>
  (await api.client().files.create({ file: await toFile(Buffer.from('x'), 'x.csv'), purpose: 'assistants' }))
    .id;

const beta = { 'openai-beta': 'assistants=v1' };
const version = '?api-version=2024-02-15-preview';

for (const [how, door, query, headers] of [
  ["by Azure's version", '/openai', version, {}],
  ['by header', '/v1', '', beta],
] as const) {
  test(`v1, selected ${how}: an assistant keeps its files and its retrieval tool`, async () => {
    const file = await aFile();
    const created = await call(
      `${door}/assistants${query}`,
      { model: 'scripted', tools: [{ type: 'retrieval' }, { type: 'code_interpreter' }], file_ids: [file] },
      headers,
    );
    assert.equal(created.status, 200);
    const { id, created_at: at, ...rest } = created.json;
    assert.deepEqual([typeof id, typeof at], ['string', 'number']);
    assert.deepEqual(rest, {
      object: 'assistant',
      name: null,
      description: null,
      model: 'scripted',
      instructions: null,
      tools: [{ type: 'retrieval' }, { type: 'code_interpreter' }],
      file_ids: [file],
      metadata: {},
      temperature: 1,
      top_p: 1,
      response_format: 'auto',
    });
    const path = `${door}/assistants/${id}${query}`;
    assert.deepEqual((await call(path, undefined, headers)).json, created.json);
    const list = await call(`${door}/assistants${query}`, undefined, headers);
    assert.deepEqual((list.json.data as Json[])[0], created.json);
    // The same object in the words of v2.
    const v2 = await api.client().beta.assistants.retrieve(String(id));
    assert.deepEqual(v2.tools, [{ type: 'file_search' }, { type: 'code_interpreter' }]);
    assert.deepEqual(v2.tool_resources?.code_interpreter, { file_ids: [file] });
    const emptied = await call(path, { file_ids: [] }, headers);
    assert.deepEqual(emptied.json.file_ids, []);
  });

  test(`v1, selected ${how}: a message keeps its files, a thread has no resources`, async () => {
    const file = await aFile();
    const thread = await call(`${door}/threads${query}`, {}, headers);
    assert.deepEqual(Object.keys(thread.json).sort(), ['created_at', 'id', 'metadata', 'object']);
    const path = `${door}/threads/${thread.json.id}/messages${query}`;
    const message = await call(path, { role: 'user', content: 'Hi', file_ids: [file] }, headers);
    assert.deepEqual(message.json.file_ids, [file]);
    assert.equal('attachments' in message.json, false);
    const list = await call(path, undefined, headers);
    assert.deepEqual((list.json.data as Json[])[0], message.json);
  });
}

test('v1: a run tells the files of its assistant, as they were when it began, wherever it is shown', async () => {
  const file = await aFile();
  const { json: assistant } = await call('/v1/assistants', { model: 'scripted', file_ids: [file] }, beta);
  const { json: thread } = await call('/v1/threads', {}, beta);
  const runs = `/v1/threads/${thread.id}/runs`;
  const created = await call(runs, { assistant_id: assistant.id }, beta);
  assert.deepEqual(created.json.file_ids, [file]);
  await call(`/v1/assistants/${assistant.id}`, { file_ids: [] }, beta);
  const run = `${runs}/${created.json.id}`;
  const list = await call(runs, undefined, beta);
  const shown = [
    (await call(run, undefined, beta)).json,
    (await call(run, { metadata: { a: 'b' } }, beta)).json,
    (await call(`${run}/cancel`, {}, beta)).json,
    (list.json.data as Json[])[0],
  ];
  assert.deepEqual(
    shown.map((each) => each?.file_ids),
    [[file], [file], [file], [file]],
  );
  assert.equal('file_ids' in (await call(run)).json, false);
});

test('v1: the events of a run tell its files, to its own client and to one that follows later', async () => {
  const file = await aFile();
  const { json: assistant } = await call('/v1/assistants', { model: 'scripted', file_ids: [file] }, beta);
  const text = async (path: string, body?: object) => {
    const headers = { 'api-key': 'KEY-A', 'content-type': 'application/json', ...beta };
    const how = body ? { method: 'POST', body: JSON.stringify(body), headers } : { headers };
    return (await api.fetch(`http://api/v1${path}`, how)).text();
  };
  const runsOf = (stream: string) =>
    [...stream.matchAll(/^data: (\{.*"object":"thread\.run",.*)$/gm)].map(([, data = '']) =>
      JSON.parse(data),
    );
  api.engine.model.add({ text: 'Hello' });
  const streamed = runsOf(await text('/threads/runs', { assistant_id: assistant.id, stream: true }));
  const [{ id, thread_id }] = streamed;
  const followed = runsOf(await text(`/threads/${thread_id}/runs/${id}/events`));
  assert.deepEqual(followed, streamed);
  assert.deepEqual(
    streamed.map(({ status, file_ids }) => [status, file_ids]),
    ['queued', 'queued', 'in_progress', 'completed'].map((status) => [status, [file]]),
  );
});

test("v1's paths for attached files are unknown to v2", async () => {
  const assistant = await api.client().beta.assistants.create({ model: 'scripted' });
  const path = `/v1/assistants/${assistant.id}/files`;
  for (const [address, body] of [[path], [`${path}/file-x`], [path, { file_id: 'file-x' }]] as const) {
    const { status, json } = await call(address, body);
    assert.deepEqual([status, (json.error as Json).code], [404, 'unknown_url']);
  }
  assert.equal((await call(path, undefined, beta)).status, 200);
});

test('v1: an assistant is given no more files than it may have, nor one that is not there', async () => {
  const files = await Promise.all(Array.from({ length: 21 }, aFile));
  const { json } = await call('/v1/assistants', { model: 'scripted', file_ids: files.slice(1) }, beta);
  const path = `/v1/assistants/${json.id}/files`;
  const refusal = async (file_id: unknown) => {
    const { status, json } = await call(path, { file_id }, beta);
    const { message, param, code } = json.error as Json;
    return { status, message, param, code };
  };
  assert.deepEqual(await refusal(files[0]), {
    status: 400,
    message:
      "Invalid 'file_ids': array too long. Expected an array with maximum length 20, but got an array with length 21 instead.",
    param: 'file_ids',
    code: 'array_above_max_length',
  });
  assert.deepEqual(await refusal('file-x'), {
    status: 404,
    message: "No file found with id 'file-x'.",
    param: 'file_id',
    code: null,
  });
  assert.equal((await refusal(undefined)).code, 'missing_required_parameter');
  const list = await call(path, undefined, beta);
  assert.deepEqual(
    (list.json.data as Json[]).map(({ id }) => id),
    files.slice(1).reverse(),
  );
});

test("v1: an assistant's files are paged from either end", async () => {
  const files = await Promise.all(Array.from({ length: 4 }, aFile));
  const [a, b, c, d] = files as [string, string, string, string];
  const { json } = await call('/v1/assistants', { model: 'scripted', file_ids: files }, beta);
  const page = async (query: string) => {
    const { json: list } = await call(`/v1/assistants/${json.id}/files?${query}`, undefined, beta);
    return [(list.data as Json[]).map(({ id }) => id), list.has_more];
  };
  assert.deepEqual(await page('limit=2'), [[d, c], true]);
  assert.deepEqual(await page(`limit=2&after=${c}`), [[b, a], false]);
  assert.deepEqual(await page(`limit=2&before=${a}`), [[c, b], true]);
  assert.deepEqual(await page(`order=asc&after=${a}&before=${d}`), [[b, c], false]);
  const unknown = await call(`/v1/assistants/${json.id}/files?after=file-x`, undefined, beta);
  assert.deepEqual([unknown.status, (unknown.json.error as Json).param], [404, 'after']);
});

test('v1 refusals name the fields as the caller wrote them', async () => {
  const unknown = await call('/v1/assistants', { model: 'm', file_ids: ['file-none'] }, beta);
  assert.deepEqual(unknown, {
    status: 404,
    json: {
      error: {
        message: "No file found with id 'file-none'.",
        type: 'invalid_request_error',
        param: 'file_ids[0]',
        code: null,
      },
    },
  });
  const tool = await call('/v1/assistants', { model: 'm', tools: [{ type: 'browser' }] }, beta);
  assert.match(
    String((tool.json.error as Json).message),
    /Supported values are: 'code_interpreter', 'retrieval', and 'function'\.$/,
  );
});

test("outside of v1 a message's file_ids become attachments for the code interpreter", async () => {
  const file = await aFile();
  const client = new AzureOpenAI({
    endpoint: 'http://api',
    apiKey: 'KEY-A',
    apiVersion: '2024-05-01-preview',
    fetch: api.fetch,
  });
  const thread = await client.beta.threads.create();
  const message = await client.beta.threads.messages.create(thread.id, {
    role: 'user',
    content: 'Hi',
    file_ids: [file],
  } as never);
  assert.deepEqual(message.attachments, [{ file_id: file, tools: [{ type: 'code_interpreter' }] }]);
});

test('outside of v1 an assistant has no file_ids', async () => {
  const { status, json } = await call('/v1/assistants', { model: 'm', file_ids: [] });
  assert.equal(status, 400);
  assert.equal((json.error as Json).code, 'unknown_parameter');
});

test("a search is v1's retrieval, in a step and in the pieces of one", () => {
  const [now, then] = [
    { type: 'file_search', id: 'c', file_search: {} },
    { type: 'retrieval', id: 'c', retrieval: {} },
  ];
  const step = (call: object) => ({ type: 'tool_calls', tool_calls: [call] });
  const whole = (call: object) => ({ object: 'thread.run.step', step_details: step(call) });
  const piece = (call: object) => ({ object: 'thread.run.step.delta', delta: { step_details: step(call) } });
  assert.deepEqual(toV1(whole(now)), whole(then));
  assert.deepEqual(toV1(piece(now)), piece(then));
});

for (const [query, beta, dialect] of [
  ['', null, 'v2'],
  ['', 'assistants=v2', 'v2'],
  ['', 'assistants=v1', 'v1'],
  ['', 'assistants=v1, realtime=v1', 'v1'],
  ['', 'assistants=v1, assistants=v2', 'v2'],
  ['?api-version=2024-02-15-preview', null, 'v1'],
  ['?api-version=2024-03-01-preview', null, 'v1'],
  ['?api-version=2024-04-01-preview', null, 'v1'],
  // Today's clients always send the header, also with Azure's old version.
  ['?api-version=2024-02-15-preview', 'assistants=v2', 'v1'],
  ['?api-version=2024-05-01-preview', 'assistants=v2', 'v2'],
  ['?api-version=2024-05-01-preview', 'assistants=v1', 'v1'],
] as const) {
  test(`'${query}' with '${beta}' asks for ${dialect}`, () => {
    const headers = new Headers(beta === null ? {} : { 'openai-beta': beta });
    assert.equal(dialectOf(new URLSearchParams(query), headers), dialect);
  });
}

/** What clients of other languages send, found in public code and in recorded answers of the hosted API. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { testApi } from '../support/api.ts';

const api = await testApi();
after(() => api[Symbol.asyncDispose]());
const { assistants, threads } = api.client().beta;

type Json = Record<string, unknown>;

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await api.fetch(`http://api/v1${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'api-key': 'KEY-A', 'content-type': 'application/json', ...headers },
  });
  const json = (await answer.json()) as Json;
  return { status: answer.status, json, error: json.error as Json };
}

const v1 = { 'openai-beta': 'assistants=v1' };

/** https://github.com/openai-php/client README: `$client->threads()->create([])`. */
test('a body [] is an empty object, wherever a body may be empty', async () => {
  const { id: assistant } = await assistants.create({ model: 'scripted' });
  const thread = await call('POST', '/threads', []);
  assert.equal(thread.status, 200);
  api.engine.model.add({ text: 'Hello.' });
  const message = await threads.messages.create(String(thread.json.id), { role: 'user', content: 'Hi' });
  const run = await threads.runs.create(String(thread.json.id), { assistant_id: assistant });
  await api.engine.pump();
  for (const path of [
    `/assistants/${assistant}`,
    `/threads/${thread.json.id}`,
    `/threads/${thread.json.id}/messages/${message.id}`,
    `/threads/${thread.json.id}/runs/${run.id}`,
  ]) {
    assert.equal((await call('POST', path, [])).status, 200, path);
  }
  const { status, error } = await call('POST', '/assistants', []);
  assert.deepEqual([status, error.code], [400, 'invalid_type']);
});

/** Betalgo.Ranul.OpenAI 9.2.6: `PostAsJsonAsync` of a request that its caller left out, `ThreadCreate()`, `RunCancel(…)`. */
test('a body null is an empty object, wherever a body may be empty', async () => {
  const { id: assistant_id } = await assistants.create({ model: 'scripted' });
  const thread = await call('POST', '/threads', null);
  assert.equal(thread.status, 200);
  await threads.messages.create(String(thread.json.id), { role: 'user', content: 'Hi' });
  const run = await threads.runs.create(String(thread.json.id), { assistant_id });
  const cancelled = await call('POST', `/threads/${thread.json.id}/runs/${run.id}/cancel`, null);
  assert.equal(cancelled.status, 200);
  const { status, error } = await call('POST', '/assistants', null);
  assert.deepEqual([status, error.code], [400, 'invalid_type']);
});

/** alexrudall/ruby-openai, spec/fixtures/cassettes/runs_submit_tool_outputs_run_setup.yml: 200. */
test('a run may have a budget of 16 tokens', async () => {
  const { id: assistant_id } = await assistants.create({ model: 'scripted', instructions: 'Count.' });
  const { id } = await threads.create();
  const run = await call('POST', `/threads/${id}/runs`, {
    assistant_id,
    max_completion_tokens: 16,
    max_prompt_tokens: 1,
  });
  assert.deepEqual(
    [run.status, run.json.max_completion_tokens, run.json.max_prompt_tokens],
    [200, 16, 1],
    JSON.stringify(run.json),
  );
  await api.engine.pump();
});

/** alexrudall/ruby-openai, spec/fixtures/cassettes/threads_modify.yml, with `assistants=v1`. */
test('in the first version numbers and booleans in metadata become strings, as it made them', async () => {
  const metadata = { modified: true, off: false, version: 1.5, count: 3, name: 'x' };
  const texts = { modified: 'True', off: 'False', version: '1.5', count: '3', name: 'x' };
  const { json } = await call(
    'POST',
    '/threads',
    { messages: [{ role: 'user', content: 'Hi', metadata }] },
    v1,
  );
  assert.deepEqual((await call('POST', `/threads/${json.id}`, { metadata }, v1)).json.metadata, texts);
  const [message] = (await threads.messages.list(String(json.id))).data;
  assert.deepEqual(message?.metadata, texts);
  const run = { assistant_id: 'asst_none', metadata, thread: { metadata } };
  assert.equal((await call('POST', '/threads/runs', run, v1)).status, 404);
  const { status, error } = await call('POST', `/threads/${json.id}`, { metadata });
  assert.deepEqual([status, error.param, error.code], [400, 'metadata.modified', 'invalid_type']);
});

/** Go's and PHP's query builders write what is not set as nothing; gateways add keys of their own. */
test('in a query, nothing is absence, and what resembles none of ours is passed over', async () => {
  const { id } = await threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
  for (const query of [
    'limit=&order=&after=&before=&run_id=',
    'limit=1&limit=',
    'subscription-key=x&_=1764000000&user=7&code=abc',
    'include[]=',
  ]) {
    const { status, json } = await call('GET', `/threads/${id}/messages?${query}`);
    assert.deepEqual([status, (json.data as Json[])?.length], [200, 1], query);
  }
  assert.equal((await call('GET', `/threads/${id}?trace=1`)).status, 200);
  assert.equal((await call('GET', '/files?purpose=&limit=')).status, 200);
  for (const [query, meant] of [
    ['runid=x', 'run_id'],
    ['Limit=3', 'limit'],
    ['oder=asc', 'order'],
    ['limit[]=3', 'limit'],
  ] as const) {
    const { status, error } = await call('GET', `/threads/${id}/messages?${query}`);
    const name = query.split('=')[0];
    assert.deepEqual(
      [status, error.code, error.param, error.message],
      [400, 'unknown_parameter', name, `Unknown parameter: '${name}'. Did you mean '${meant}'?`],
    );
  }
});

/** sashabaranov/go-openai run.go: `Output any`. */
test('an output that is no string is told to the model as JSON', async () => {
  const names = ['object', 'list', 'number', 'boolean', 'null'];
  const tools = names.map((name) => ({ type: 'function' as const, function: { name } }));
  const { id: assistant_id } = await assistants.create({ model: 'scripted', tools });
  api.engine.model.add({ toolCalls: names.map((name) => ({ name, arguments: {}, id: `call_${name}` })) });
  const { id, thread_id } = await threads.createAndRun({
    assistant_id,
    thread: { messages: [{ role: 'user', content: 'Call them.' }] },
  });
  await api.engine.pump();
  const outputs: Json = { object: { ok: true }, list: [1, 'a'], number: 1.5, boolean: false, null: null };
  api.engine.model.add({ text: 'Done.' });
  const submitted = await call('POST', `/threads/${thread_id}/runs/${id}/submit_tool_outputs`, {
    tool_outputs: names.map((name) => ({ tool_call_id: `call_${name}`, output: outputs[name] })),
  });
  assert.equal(submitted.status, 200, JSON.stringify(submitted.json));
  await api.engine.pump();
  const told = api.engine.model.requests.at(-1)?.body.messages.filter(({ role }) => role === 'tool');
  assert.deepEqual(
    told?.map(({ content }) => content),
    ['{"ok":true}', '[1,"a"]', '1.5', 'false', ''],
  );
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import type OpenAI from 'openai';

import { followRun } from '../../shared/engine/follow-run.ts';
import type { StartRun } from '../../shared/engine/start-run.ts';
import { streamNewRun } from '../../shared/engine/stream-run.ts';
import { openStorageAccount } from '../../shared/store/connection.ts';
import { type TestApi, testApi } from '../support/api.ts';
import {
  BEGIN,
  collect,
  GOES_ON,
  messageOf,
  namesOf,
  readEvents,
  STEP_BEGINS,
  type WireEvent,
} from './streams.ts';

const tools = [{ type: 'function' as const, function: { name: 'f' } }];
const call = { name: 'f', arguments: '{}', id: 'call_f' };

/** `GET …/runs/{run_id}/events`, and what streams answer when they do not begin. */
describe('viewers of a run', () => {
  let api: TestApi;
  let client: OpenAI;
  let assistant_id: string;
  before(async () => {
    api = await testApi();
    client = api.client();
    assistant_id = (await client.beta.assistants.create({ model: 'scripted', tools })).id;
  });
  after(() => api[Symbol.asyncDispose]());
  beforeEach(() => api.engine.model.reset());

  const request = (path: string, init: { method?: string; body?: object; headers?: object } = {}) =>
    api.fetch(`http://api/v1/threads/${path}`, {
      method: init.method ?? 'GET',
      headers: { authorization: 'Bearer KEY-A', 'content-type': 'application/json', ...init.headers },
      ...(init.body ? { body: JSON.stringify(init.body) } : {}),
    });

  async function view(path: string, headers: object = {}): Promise<WireEvent[]> {
    const response = await request(path, { headers });
    assert.equal(response.status, 200);
    return collect(readEvents(response.body));
  }

  async function thread(): Promise<string> {
    return (await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hi' }] })).id;
  }

  async function streamedRun() {
    const threadId = await thread();
    const stream = await client.beta.threads.runs.create(threadId, { assistant_id, stream: true });
    const events = await collect(stream);
    const last = events.at(-1)?.data as OpenAI.Beta.Threads.Run;
    return { run: last, path: `${threadId}/runs/${last.id}/events` };
  }

  async function refused(response: Response): Promise<{ status: number; message: string }> {
    assert.equal(response.headers.get('content-type'), 'application/json');
    const body = (await response.json()) as { error: { message: string } };
    return { status: response.status, message: body.error.message };
  }

  it('see all of a run that is over, or what comes after an event', async () => {
    api.engine.model.add({ text: ['Hello', ' there'] });
    const { path } = await streamedRun();
    const all = await view(path);
    assert.deepEqual(namesOf(all), [...BEGIN, ...messageOf(2), 'run.completed', 'done']);
    const sixth = all[5]?.id ?? '';
    assert.deepEqual(await view(`${path}?after=${sixth}`), all.slice(6));
    assert.deepEqual(await view(path, { 'last-event-id': sixth }), all.slice(6));
    assert.deepEqual(await view(path, { 'last-event-id': 'of-another-stream' }), all);
    assert.equal((await refused(await request(`${path}?after=abc`))).status, 400);
  });

  it('are answered with headers that nothing on the way may hold back', async () => {
    api.engine.model.add({ text: 'Hello' });
    const { path } = await streamedRun();
    const { headers } = await request(path);
    assert.match(headers.get('content-type') ?? '', /^text\/event-stream/);
    assert.equal(headers.get('cache-control'), 'no-store, no-transform');
    assert.equal(headers.get('x-accel-buffering'), 'no');
    assert.match(headers.get('x-request-id') ?? '', /^req_/);
  });

  it('follow a run that another process advances, across its wait for outputs', async () => {
    api.engine.model.add({ toolCalls: [call] }, { text: ['Fine', '.'] });
    const { run, path } = await streamedRun();
    const before = await view(path);
    assert.deepEqual(namesOf(before), [
      ...BEGIN,
      ...STEP_BEGINS,
      'run.step.delta ×2',
      'run.requires_action',
      'done',
    ]);
    const waiting = view(path, { 'last-event-id': before.at(-2)?.id ?? '' });
    await client.beta.threads.runs.submitToolOutputs(run.id, {
      thread_id: run.thread_id,
      tool_outputs: [{ tool_call_id: 'call_f', output: 'x' }],
    });
    await api.engine.pump();
    const rest = await waiting;
    assert.deepEqual(namesOf(rest), [...GOES_ON, ...messageOf(2), 'run.completed', 'done']);
    assert.deepEqual(await view(path), [...before.slice(0, -1), ...rest]);
  });

  it('learn that a waiting run was cancelled', async () => {
    api.engine.model.add({ toolCalls: [call] });
    const { run, path } = await streamedRun();
    const waiting = view(path, { 'last-event-id': (await view(path)).at(-2)?.id ?? '' });
    await client.beta.threads.runs.cancel(run.id, { thread_id: run.thread_id });
    assert.deepEqual(namesOf(await waiting), [
      'run.cancelling',
      'run.step.cancelled',
      'run.cancelled',
      'done',
    ]);
  });

  it('of a run that was streamed from its outputs on see it from there', async () => {
    api.engine.model.add({ toolCalls: [call] }, { text: 'Fine.' });
    const threadId = await thread();
    const run = await client.beta.threads.runs.create(threadId, { assistant_id });
    await api.engine.pump();
    const stream = client.beta.threads.runs.submitToolOutputsStream(run.id, {
      thread_id: threadId,
      tool_outputs: [{ tool_call_id: 'call_f', output: 'x' }],
    });
    await stream.done();
    const all = await view(`${threadId}/runs/${run.id}/events`);
    assert.deepEqual(namesOf(all).slice(0, 3), ['run.step.completed', 'run.queued', 'run.in_progress']);
    assert.equal(namesOf(all).at(-2), 'run.completed');
  });

  it('are told when there is nothing to see', async () => {
    api.engine.model.add({ text: 'Hello' }, { text: 'Hello' });
    const threadId = await thread();
    const quiet = await client.beta.threads.runs.create(threadId, { assistant_id });
    await api.engine.pump();
    const never = await refused(await request(`${threadId}/runs/${quiet.id}/events`));
    assert.equal(never.status, 404);
    assert.match(never.message, /^No events are kept of run/);

    const { run, path } = await streamedRun();
    const { config } = api.engine.services;
    const container = (await openStorageAccount(config)).container('events');
    for await (const blob of container.listBlobsFlat({ prefix: run.thread_id }))
      await container.deleteBlob(blob.name);
    assert.match((await refused(await request(path))).message, /its event log has expired/);
    const unknown = await refused(await request(`${threadId}/runs/run_x/events`));
    assert.deepEqual(unknown, { status: 404, message: "No run found with id 'run_x'." });
  });

  it('are told where to go on when their host stops; the run goes on elsewhere', async () => {
    const { services } = api.engine;
    api.engine.model.add({ text: 'Hello', pieces: ['stall'] }, { text: ['Hello', ' there'] });
    const stopping = new AbortController();
    const host = { ...services, drain: stopping.signal };
    const threadId = await thread();
    const assistant = await services.stores.assistants.get('team-a', assistant_id);
    assert.ok(assistant);
    const start = { project: 'team-a', threadId, assistant, request: { assistant_id } };
    const client = { signal: new AbortController().signal };
    const own = collect((await streamNewRun(host, start as StartRun, client)).events);
    await api.engine.model.received(1);
    const [run] = (await services.stores.runs.list(threadId, { limit: 1, order: 'desc' })).data;
    assert.ok(run);
    const viewer = followRun(host, run, -1, client);
    assert.match(String((await viewer.next()).value), /thread\.run\.created|^: /);
    stopping.abort();
    for (const text of [(await collect(viewer)).join(''), (await own).join('')]) {
      assert.match(text, /event: error\ndata: .*Last-Event-ID.*\n\n$/);
      assert.equal(text.includes('[DONE]'), false);
    }
    await api.engine.pump();
    const all = await view(`${threadId}/runs/${run.object.id}/events`);
    assert.deepEqual(namesOf(all), [...BEGIN, ...messageOf(2), 'run.completed', 'done']);
  });

  it('get ordinary errors before the first byte of a stream', async () => {
    api.engine.model.add({ toolCalls: [call] }, { text: 'Hello' });
    const { run } = await streamedRun();
    const start = { method: 'POST', body: { assistant_id, stream: true } };
    const runs = `${run.thread_id}/runs`;
    assert.deepEqual(await refused(await request(runs, start)), {
      status: 400,
      message: `Thread ${run.thread_id} already has an active run ${run.id}.`,
    });
    const unknown = { method: 'POST', body: { assistant_id: 'asst_x', stream: true } };
    assert.equal((await refused(await request(runs, unknown))).status, 404);
    assert.equal((await refused(await request('thread_x/runs', start))).status, 404);
    const outputs = { method: 'POST', body: { tool_outputs: [{ tool_call_id: 'call_x' }], stream: true } };
    assert.equal(
      (await refused(await request(`${runs}/${run.id}/submit_tool_outputs`, outputs))).status,
      400,
    );
  });

  it('that speak the API’s first version are answered in it', async () => {
    api.engine.model.add({ text: 'Hello' });
    const assistant = await client.beta.assistants.create({
      model: 'scripted',
      tools: [{ type: 'file_search' }],
    });
    const headers = { 'openai-beta': 'assistants=v1', 'x-event-ids': 'true' };
    const body = { assistant_id: assistant.id, thread: { messages: [{ role: 'user', content: 'Hi' }] } };
    const response = await request('runs', { method: 'POST', body: { ...body, stream: true }, headers });
    const all = await collect(readEvents(response.body));
    const data = (name: string) => all.find(({ event }) => event === name)?.data as Record<string, unknown>;
    assert.equal('tool_resources' in data('thread.created'), false);
    assert.deepEqual(data('thread.run.completed').tools, [{ type: 'retrieval' }]);
    assert.deepEqual(data('thread.message.completed').file_ids, []);
    const run = data('thread.run.created') as { id: string; thread_id: string };
    assert.deepEqual(await view(`${run.thread_id}/runs/${run.id}/events`, headers), all.slice(1));
  });
});

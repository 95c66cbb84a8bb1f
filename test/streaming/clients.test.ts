import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';

import { encodeError, keepAlive } from '../../shared/events/sse.ts';
import { testApi } from '../support/api.ts';

/** What clients in the field took from the hosted API's streams, beyond what its documentation says. */
describe('streams as clients in the field read them', async () => {
  const api = await testApi();
  after(() => api[Symbol.asyncDispose]());
  beforeEach(() => api.engine.model.reset());
  const { assistants, threads } = api.client().beta;
  const tools = [{ type: 'function', function: { name: 'f' } } as const];

  async function begin(headers: Record<string, string> = {}): Promise<string> {
    const { id: assistant_id } = await assistants.create({ model: 'scripted' });
    const { id } = await threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
    const response = await api.fetch(`http://api/v1/threads/${id}/runs`, {
      method: 'POST',
      headers: { authorization: 'Bearer KEY-A', 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ assistant_id, stream: true }),
    });
    return response.text();
  }

  it('an event is two lines, its name and its data, unless ids are asked for', async () => {
    api.engine.model.add({ text: 'Hello' }, { text: 'Hello' });
    for (const event of (await begin()).trimEnd().split('\n\n'))
      assert.match(event, /^event: [a-z._]+\ndata: [^\n]+$/);
    const withIds = (await begin({ 'x-event-ids': 'true' })).trimEnd().split('\n\n');
    assert.equal(withIds.at(-1), 'event: done\ndata: [DONE]');
    for (const event of withIds.slice(0, -1)) assert.match(event, /^id: \d+\nevent: [a-z._]+\ndata: /);
  });

  it('what holds a silent connection open ends no event', () => {
    assert.match(keepAlive, /^:.*\n$/);
    assert.doesNotMatch(keepAlive, /\n\n|\n./);
  });

  it('an error is thrown by those who look for `error`, and by those who look at the data', () => {
    const [, data = ''] = encodeError('It broke.').split('data: ');
    const { error, ...plain } = JSON.parse(data);
    assert.deepEqual(error, { code: null, message: 'It broke.', param: null, type: 'server_error' });
    assert.deepEqual(plain, error);
  });

  it('every delta of a text has a text, and a call that comes whole is told piece by piece', async () => {
    const call = { name: 'f', arguments: '{"a":1}', id: 'call_a' };
    const { id: assistant_id } = await assistants.create({ model: 'scripted', tools });
    const { id } = await threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
    const pieces = [
      {
        delta: {
          tool_calls: [{ index: 0, id: call.id, function: { name: 'f', arguments: call.arguments } }],
        },
      },
    ];
    api.engine.model.add({ pieces, finish: 'tool_calls' });
    const stream = threads.runs.stream(id, { assistant_id });
    let begun: unknown;
    let added = '';
    stream.on('toolCallCreated', (created) => {
      begun = structuredClone(created);
    });
    stream.on('toolCallDelta', (delta) => {
      if (delta.type === 'function') added += delta.function?.arguments ?? '';
    });
    await stream.done();
    assert.deepEqual(begun, {
      index: 0,
      id: 'call_a',
      type: 'function',
      function: { name: 'f', arguments: '', output: null },
    });
    assert.equal(added, call.arguments);
  });

  it('pollers are told how long to wait; those that keep to the first answer are told longer', async () => {
    api.engine.model.add({ pieces: ['stall'] });
    const { id: assistant_id } = await assistants.create({ model: 'scripted' });
    const run = await threads.createAndRun({
      assistant_id,
      thread: { messages: [{ role: 'user', content: 'Hi' }] },
    });
    const wait = async (language: string) => {
      const { response } = await threads.runs
        .retrieve(run.id, { thread_id: run.thread_id }, { headers: { 'x-stainless-lang': language } })
        .withResponse();
      return Number(response.headers.get('openai-poll-after-ms'));
    };
    assert.equal(await wait('python'), 500);
    assert.ok((await wait('js')) < 500);
    api.engine.model.reset();
  });
});

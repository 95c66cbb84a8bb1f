/** One table in effect: the exact order of events for each kind of run, side by side so that they can be compared. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import type OpenAI from 'openai';

import { type TestApi, testApi } from '../support/api.ts';
import {
  BEGIN,
  collect,
  GOES_ON,
  MESSAGE_BEGINS,
  messageOf,
  namesOf,
  STEP_BEGINS,
  type Streamed,
} from './streams.ts';

const weather = { type: 'function' as const, function: { name: 'weather' } };
const call = (id: string, text = '{"city":"Oslo"}') => ({ name: 'weather', arguments: text, id });

/** What a raw `stream: true` tells, event by event. */
describe('the order of events', () => {
  let api: TestApi;
  let client: OpenAI;
  before(async () => {
    api = await testApi();
    client = api.client();
  });
  after(() => api[Symbol.asyncDispose]());
  afterEach(() => {
    api.engine.model.assertDone();
    api.engine.model.reset();
  });

  async function place(tools: OpenAI.Beta.AssistantCreateParams['tools'] = []) {
    const assistant = await client.beta.assistants.create({ model: 'scripted', tools });
    const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
    return { assistant_id: assistant.id, threadId: thread.id };
  }

  async function run(
    tools: OpenAI.Beta.AssistantCreateParams['tools'] = [],
    options: Partial<OpenAI.Beta.Threads.RunCreateParamsNonStreaming> = {},
  ): Promise<Streamed[]> {
    const { assistant_id, threadId } = await place(tools);
    const stream = await client.beta.threads.runs.create(threadId, {
      assistant_id,
      ...options,
      stream: true,
    });
    return collect(stream);
  }

  it('plain text', async () => {
    api.engine.model.add({ text: ['Hello', ' there', '!'] });
    const events = await run();
    assert.deepEqual(namesOf(events), [...BEGIN, ...messageOf(3), 'run.completed']);
    const deltas = events.flatMap((event) =>
      event.event === 'thread.message.delta' ? [event.data.delta.content] : [],
    );
    assert.deepEqual(deltas, [
      [{ index: 0, type: 'text', text: { value: 'Hello', annotations: [] } }],
      [{ index: 0, type: 'text', text: { value: ' there' } }],
      [{ index: 0, type: 'text', text: { value: '!' } }],
    ]);
  });

  it('function call and resume', async () => {
    api.engine.model.add(
      { toolCalls: [call('call_a'), call('call_b')], argumentCharacters: 8 },
      { text: ['Fine', '.'] },
    );
    const first = await run([weather]);
    assert.deepEqual(namesOf(first), [...BEGIN, ...STEP_BEGINS, 'run.step.delta ×6', 'run.requires_action']);
    const waiting = first.at(-1);
    assert.equal(waiting?.event, 'thread.run.requires_action');
    const second = await collect(
      await client.beta.threads.runs.submitToolOutputs(waiting.data.id, {
        thread_id: waiting.data.thread_id,
        tool_outputs: [
          { tool_call_id: 'call_a', output: 'sun' },
          { tool_call_id: 'call_b', output: 'rain' },
        ],
        stream: true,
      }),
    );
    assert.deepEqual(namesOf(second), [...GOES_ON, ...messageOf(2), 'run.completed']);
  });

  it('text followed by tool calls in one answer: one step after the other', async () => {
    api.engine.model.add(
      { text: ['Let me', ' look.'], toolCalls: [call('call_a')], argumentCharacters: 5 },
      { text: 'Fine.' },
    );
    const first = await run([weather]);
    assert.deepEqual(namesOf(first), [
      ...BEGIN,
      ...messageOf(2),
      ...STEP_BEGINS,
      'run.step.delta ×4',
      'run.requires_action',
    ]);
    const waiting = first.at(-1);
    assert.equal(waiting?.event, 'thread.run.requires_action');
    await collect(
      await client.beta.threads.runs.submitToolOutputs(waiting.data.id, {
        thread_id: waiting.data.thread_id,
        tool_outputs: [{ tool_call_id: 'call_a', output: 'sun' }],
        stream: true,
      }),
    );
    const prompt = api.engine.model.requests.at(-1)?.body.messages.map(({ role }) => role);
    assert.deepEqual(prompt, ['user', 'assistant', 'tool'], 'text and calls are one answer');
  });

  it('white space before a tool call is no message', async () => {
    api.engine.model.add({ text: ['\n', '\n'], toolCalls: [call('call_a')] });
    assert.deepEqual(namesOf(await run([weather])), [
      ...BEGIN,
      ...STEP_BEGINS,
      'run.step.delta ×2',
      'run.requires_action',
    ]);
  });

  it('white space alone is the message: nothing else is said', async () => {
    api.engine.model.add({ text: ['\n', '\n'] });
    const events = await run();
    assert.deepEqual(namesOf(events), [...BEGIN, ...messageOf(1), 'run.completed']);
    const done = events.find((event) => event.event === 'thread.message.completed');
    assert.deepEqual(done?.data.content, [{ type: 'text', text: { value: '\n\n', annotations: [] } }]);
  });

  it('text after a tool call is a message after the step', async () => {
    const args = {
      delta: { tool_calls: [{ index: 0, id: 'call_a', function: { name: 'weather', arguments: '{}' } }] },
    };
    api.engine.model.add({ pieces: [args, ' I asked.'], finish: 'tool_calls' }, { text: 'Fine.' });
    const first = await run([weather]);
    assert.deepEqual(namesOf(first), [...BEGIN, ...STEP_BEGINS, 'run.step.delta ×2', 'run.requires_action']);
    const waiting = first.at(-1);
    assert.equal(waiting?.event, 'thread.run.requires_action');
    const second = await collect(
      await client.beta.threads.runs.submitToolOutputs(waiting.data.id, {
        thread_id: waiting.data.thread_id,
        tool_outputs: [{ tool_call_id: 'call_a', output: 'sun' }],
        stream: true,
      }),
    );
    assert.deepEqual(namesOf(second), [...GOES_ON, ...messageOf(1), ...messageOf(1), 'run.completed']);
  });

  it('failure by the model in the middle of its answer', async () => {
    api.engine.model.add(
      { text: 'Once upon', pieces: ['drop'] },
      { error: { status: 400, body: { error: { message: 'No.' } } } },
    );
    const events = await run();
    assert.deepEqual(namesOf(events), [
      ...BEGIN,
      ...MESSAGE_BEGINS,
      'message.delta',
      'message.incomplete',
      'run.step.failed',
      'run.failed',
    ]);
    const incomplete = events.find((event) => event.event === 'thread.message.incomplete');
    assert.equal(incomplete?.data.incomplete_details?.reason, 'run_failed');
    assert.deepEqual(incomplete?.data.content, [
      { type: 'text', text: { value: 'Once upon', annotations: [] } },
    ]);
  });

  it('refusal by the model’s server: the run fails before its first step', async () => {
    api.engine.model.add({ error: { status: 400, body: { error: { message: 'No.' } } } });
    assert.deepEqual(namesOf(await run()), [...BEGIN, 'run.failed']);
  });

  it('cancel in the middle', async () => {
    const { assistant_id, threadId } = await place();
    api.engine.model.add({ text: ['Once', ' upon'], pieces: ['stall'] });
    const stream = await client.beta.threads.runs.create(threadId, { assistant_id, stream: true });
    const events: Streamed[] = [];
    for await (const event of stream) {
      events.push(event);
      if (event.event === 'thread.message.delta' && events.length === 9) {
        const created = events[0];
        assert.equal(created?.event, 'thread.run.created');
        await client.beta.threads.runs.cancel(created.data.id, { thread_id: threadId });
      }
    }
    assert.deepEqual(namesOf(events), [
      ...BEGIN,
      ...MESSAGE_BEGINS,
      'message.delta ×2',
      'run.cancelling',
      'message.incomplete',
      'run.step.cancelled',
      'run.cancelled',
    ]);
  });

  it('expiry in the middle', async () => {
    // Lives are whole seconds from the second it was created in: of 3 s, more than 2 are left.
    const brief = await testApi({ RUN_TTL_SECONDS: '3' });
    try {
      brief.engine.model.add({ text: ['Once', ' upon'], pieces: ['stall'] });
      const beta = brief.client().beta;
      const { id: assistant_id } = await beta.assistants.create({ model: 'scripted' });
      const { id } = await beta.threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
      const events = await collect(await beta.threads.runs.create(id, { assistant_id, stream: true }));
      assert.deepEqual(namesOf(events), [
        ...BEGIN,
        ...MESSAGE_BEGINS,
        'message.delta ×2',
        'message.incomplete',
        'run.step.expired',
        'run.expired',
      ]);
      const step = events.find((event) => event.event === 'thread.run.step.expired');
      assert.equal(typeof step?.data.expired_at, 'number');
    } finally {
      await brief[Symbol.asyncDispose]();
    }
  });

  it('incomplete by length, and by a content filter', async () => {
    for (const [finish, reason] of [
      ['length', 'max_tokens'],
      ['content_filter', 'content_filter'],
    ] as const) {
      api.engine.model.add({ text: ['Once', ' upon'], finish });
      const events = await run();
      assert.deepEqual(namesOf(events), [
        ...BEGIN,
        ...MESSAGE_BEGINS,
        'message.delta ×2',
        'message.incomplete',
        'run.step.completed',
        'run.incomplete',
      ]);
      const incomplete = events.find((event) => event.event === 'thread.message.incomplete');
      assert.equal(incomplete?.data.incomplete_details?.reason, reason);
    }
  });

  it('tool calls cut off by length', async () => {
    api.engine.model.add({ toolCalls: [call('call_a', '{"city":"Os')], finish: 'length' });
    assert.deepEqual(namesOf(await run([weather])), [
      ...BEGIN,
      ...STEP_BEGINS,
      'run.step.delta ×2',
      'run.step.cancelled',
      'run.incomplete',
    ]);
  });

  it('refusal', async () => {
    api.engine.model.add({ pieces: [{ delta: { refusal: 'I will' } }, { delta: { refusal: ' not.' } }] });
    const events = await run();
    assert.deepEqual(namesOf(events), [...BEGIN, ...messageOf(2), 'run.completed']);
    const completed = events.find((event) => event.event === 'thread.message.completed');
    assert.deepEqual(completed?.data.content, [{ type: 'refusal', refusal: 'I will not.' }]);
  });

  it('a connection to the model that drops: nothing is told twice', async () => {
    api.engine.model.add({ text: ['Hello', ' th'], pieces: ['drop'] }, { text: ['Hello', ' there', '!'] });
    const events = await run();
    assert.deepEqual(namesOf(events), [...BEGIN, ...messageOf(4), 'run.completed']);
    const text = events
      .flatMap((event) => (event.event === 'thread.message.delta' ? (event.data.delta.content ?? []) : []))
      .map((part) => (part.type === 'text' ? part.text?.value : ''))
      .join('');
    assert.equal(text, 'Hello there!');
  });
});

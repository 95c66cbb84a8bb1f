/** What callers delete while a streamed run goes on. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import type OpenAI from 'openai';

import { handleRunMessage } from '../../shared/engine/handle-run-message.ts';
import { unattended } from '../../shared/run/run-changes.ts';
import { type TestApi, testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { collect, namesOf, type Streamed } from './streams.ts';

const tools = [{ type: 'function' as const, function: { name: 'f' } }];

describe('what is deleted during a stream', () => {
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

  /** A streamed run, read up to its first event of a name; the rest follows. */
  async function streamUntil(event: string) {
    const { id: thread_id } = await client.beta.threads.create({
      messages: [{ role: 'user', content: 'Hi' }],
    });
    const stream = await client.beta.threads.runs.create(thread_id, { assistant_id, stream: true });
    const events = stream[Symbol.asyncIterator]();
    const seen: Streamed[] = [];
    while (seen.at(-1)?.event !== event) {
      const { value } = await events.next();
      assert.ok(value, `the stream ended before ${event}`);
      seen.push(value);
    }
    const run = seen[0]?.data as OpenAI.Beta.Threads.Run;
    const created = seen.find((one) => one.event === 'thread.message.created')?.data;
    const message = created && 'id' in created ? created.id : '';
    return { seen, rest: () => collect({ [Symbol.asyncIterator]: () => events }), run, thread_id, message };
  }

  /** As soon as it is there: its first words may come before it is saved. */
  const deleteMessage = (thread_id: string, id: string) =>
    eventually('the deletion of a message', () =>
      client.beta.threads.messages.delete(id, { thread_id }).then(
        ({ deleted }) => deleted,
        () => false,
      ),
    );

  async function assertDeleted(thread_id: string, id: string) {
    await assert.rejects(client.beta.threads.messages.retrieve(id, { thread_id }), { status: 404 });
    for (const order of ['asc', 'desc'] as const) {
      const { data } = await client.beta.threads.messages.list(thread_id, { order });
      assert.deepEqual(
        data.filter((one) => one.id === id),
        [],
      );
    }
  }

  for (const end of ['completed', 'incomplete', 'failed', 'cancelled'] as const) {
    it(`a message stays deleted when its run ends as ${end}`, async () => {
      const gate = Promise.withResolvers<void>();
      const finish = { completed: 'stop', incomplete: 'length', failed: 'stop', cancelled: 'stop' }[end];
      const refused = { error: { message: 'No.', code: 'bad', status: 400 } };
      const last = end === 'failed' ? { raw: `data: ${JSON.stringify(refused)}\n\n` } : 'lo';
      api.engine.model.add({ pieces: ['Hal', { gate: gate.promise }, last], finish });
      const { run, thread_id, message, rest } = await streamUntil('thread.message.delta');
      await deleteMessage(thread_id, message);
      if (end === 'cancelled') await client.beta.threads.runs.cancel(run.id, { thread_id });
      else gate.resolve();
      const events = await rest();
      gate.resolve();
      assert.equal(events.at(-1)?.event, `thread.run.${end}`, namesOf(events).join(', '));
      await assertDeleted(thread_id, message);
      const { data: steps } = await client.beta.threads.runs.steps.list(run.id, { thread_id });
      assert.equal(steps.length, 1);
      assert.notEqual(steps[0]?.status, 'in_progress');
      api.engine.model.add({ text: 'Again.' });
      assert.equal((await streamed(thread_id)).at(-1)?.event, 'thread.run.completed');
    });
  }

  const streamed = async (thread_id: string) =>
    collect(await client.beta.threads.runs.create(thread_id, { assistant_id, stream: true }));

  it('a message stays deleted when tools are called behind it, and one that is changed keeps its change', async () => {
    for (const change of ['delete', 'label'] as const) {
      const gate = Promise.withResolvers<void>();
      const head = { index: 0, id: `call_${change}`, function: { name: 'f', arguments: '{' } };
      const tail = { index: 0, function: { arguments: '}' } };
      const pieces = [
        'Let me see.',
        { delta: { tool_calls: [head] } },
        { gate: gate.promise },
        { delta: { tool_calls: [tail] } },
      ];
      api.engine.model.add({ pieces, finish: 'tool_calls' });
      const { run, thread_id, message, rest } = await streamUntil('thread.message.completed');
      const { messages, runs } = client.beta.threads;
      if (change === 'delete') await deleteMessage(thread_id, message);
      else await messages.update(message, { thread_id, metadata: { seen: 'yes' } });
      gate.resolve();
      assert.equal((await rest()).at(-1)?.event, 'thread.run.requires_action');
      api.engine.model.add({ text: 'Done.' });
      const tool_outputs = [{ tool_call_id: `call_${change}`, output: 'x' }];
      const ended = await collect(
        await runs.submitToolOutputs(run.id, { thread_id, tool_outputs, stream: true }),
      );
      assert.equal(ended.at(-1)?.event, 'thread.run.completed');
      if (change === 'delete') await assertDeleted(thread_id, message);
      else assert.deepEqual((await messages.retrieve(message, { thread_id })).metadata, { seen: 'yes' });
    }
  });

  it('a message stays deleted when another worker takes its run over', async () => {
    api.engine.model.add({ pieces: ['Hal', 'stall'] });
    const { run, thread_id, message, rest } = await streamUntil('thread.message.delta');
    await deleteMessage(thread_id, message);
    const { runs } = api.engine.services.stores;
    // As if its first worker had died.
    await eventually('the end of the lease', async () => {
      const row = await runs.rowOfAny(thread_id, run.id);
      return row && runs.save(row, unattended(row.document, 0)).catch(() => false as const);
    });
    api.engine.model.add({ text: ['Hallo', ' again.'] });
    await handleRunMessage(api.engine.services, { threadId: thread_id, runId: run.id, kind: 'start' });
    await rest();
    assert.equal((await client.beta.threads.runs.retrieve(run.id, { thread_id })).status, 'completed');
    await assertDeleted(thread_id, message);
    const { data: steps } = await client.beta.threads.runs.steps.list(run.id, { thread_id });
    assert.deepEqual(
      steps.map(({ type, status }) => [type, status]),
      [['message_creation', 'completed']],
    );
  });

  it('a message stays deleted when its run is ended by nobody who worked on it', async () => {
    api.engine.model.add({ pieces: ['Hal', 'stall'] });
    const { run, thread_id, message } = await streamUntil('thread.message.delta');
    await deleteMessage(thread_id, message);
    const { runs } = api.engine.services.stores;
    await eventually('the end of the lease', async () => {
      const row = await runs.rowOfAny(thread_id, run.id);
      return row && runs.save(row, unattended(row.document, 0)).catch(() => false as const);
    });
    const { status } = await client.beta.threads.runs.cancel(run.id, { thread_id });
    assert.equal(status, 'cancelled');
    await assertDeleted(thread_id, message);
  });

  it('a thread ends its stream, and those who follow it, with the end of the run', async () => {
    api.engine.model.add({ pieces: ['Hal', 'stall'] });
    const { run, thread_id, rest } = await streamUntil('thread.message.delta');
    const following = client.beta.threads.runs.retrieve(run.id, { thread_id }).then(() =>
      api.fetch(`http://api/v1/threads/${thread_id}/runs/${run.id}/events`, {
        headers: { 'api-key': 'KEY-A' },
      }),
    );
    const follower = await following;
    const followed = follower.text();
    await client.beta.threads.delete(thread_id);
    const events = await rest();
    assert.deepEqual(namesOf(events), [
      'run.cancelling',
      'message.incomplete',
      'run.step.cancelled',
      'run.cancelled',
    ]);
    assert.match(await followed, /event: thread\.run\.cancelled\ndata: .*\n\nevent: done/);
  });

  it('a thread does not leave the official client without its final run', async () => {
    api.engine.model.add({ pieces: ['Hal', 'stall'] });
    const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
    const stream = client.beta.threads.runs.stream(thread.id, { assistant_id });
    stream.once('textDelta', () => void client.beta.threads.delete(thread.id));
    assert.equal((await stream.finalRun()).status, 'cancelled');
  });
});

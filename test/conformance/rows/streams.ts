import assert from 'node:assert/strict';

import type OpenAI from 'openai';

import { eventsOf } from '../scene/event-stream.ts';
import type { Api, Row } from '../scene/row.ts';
import { waitingRun } from '../scene/shared-objects.ts';

type Event = OpenAI.Beta.AssistantStreamEvent;

async function collect(stream: AsyncIterable<Event>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** Names of events; a row of deltas counts as one. */
const outline = (events: readonly { event: string }[]) =>
  events.map(({ event }) => event).filter((name, index, all) => name !== all[index - 1]);

const RUN = ['thread.run.created', 'thread.run.queued', 'thread.run.in_progress'];
const MESSAGE = [
  'thread.run.step.created',
  'thread.run.step.in_progress',
  'thread.message.created',
  'thread.message.in_progress',
  'thread.message.delta',
  'thread.message.completed',
  'thread.run.step.completed',
  'thread.run.completed',
];

/** Begins a streamed run in a new thread, and gives the answer as it comes. */
async function streamedRun(api: Api): Promise<Event[]> {
  const { threads } = api.client.beta;
  await api.play({ text: ['Hel', 'lo', '!'] });
  const { id } = await threads.create({ messages: [{ role: 'user', content: 'Say hello.' }] });
  return collect(
    await threads.runs.create(id, { assistant_id: await api.shared.assistantId(), stream: true }),
  );
}

export const streams: readonly Row[] = [
  {
    says: 'a streamed run tells its events in the documented order',
    async run(api) {
      const events = await streamedRun(api);
      assert.deepEqual(outline(events), [...RUN, ...MESSAGE]);
      const deltas = events.flatMap((event) =>
        event.event === 'thread.message.delta' ? (event.data.delta.content ?? []) : [],
      );
      const text = deltas.map((delta) => (delta.type === 'text' ? delta.text?.value : '')).join('');
      const completed = events.find((event) => event.event === 'thread.message.completed');
      const [part] = completed?.data.content ?? [];
      assert.ok(part?.type === 'text' && part.text.value === text && text.length > 0);
    },
  },
  {
    says: 'a streamed new thread is announced first',
    async run({ client, shared, play }) {
      await play({ text: ['Hel', 'lo'] });
      const stream = await client.beta.threads.createAndRun({
        assistant_id: await shared.assistantId(),
        thread: { messages: [{ role: 'user', content: 'Say hello.' }], metadata: { a: '1' } },
        stream: true,
      });
      const events = await collect(stream);
      assert.deepEqual(outline(events), ['thread.created', ...RUN, ...MESSAGE]);
      const [created] = events;
      assert.ok(created?.event === 'thread.created');
      assert.deepEqual(await client.beta.threads.retrieve(created.data.id), created.data);
    },
  },
  {
    says: 'streamed outputs complete their step and send the run on',
    async run(api) {
      const { run, calls } = await waitingRun(api);
      await api.play({ text: ['It ', 'rains'] });
      const stream = await api.client.beta.threads.runs.submitToolOutputs(run.id, {
        thread_id: run.thread_id,
        tool_outputs: calls.map(({ id }) => ({ tool_call_id: id, output: 'rain' })),
        stream: true,
      });
      assert.deepEqual(outline(await collect(stream)), [
        'thread.run.step.completed',
        'thread.run.queued',
        'thread.run.in_progress',
        ...MESSAGE,
      ]);
    },
  },
  {
    says: 'the client’s own stream helper puts the answer together',
    async run({ client, shared, play }) {
      await play({ text: ['Hel', 'lo', ' there'] });
      const { threads } = client.beta;
      const { id } = await threads.create({ messages: [{ role: 'user', content: 'Say hello.' }] });
      const stream = threads.runs.stream(id, { assistant_id: await shared.assistantId() });
      const [message] = await stream.finalMessages();
      assert.equal((await stream.finalRun()).status, 'completed');
      assert.deepEqual((await threads.messages.list(id, { limit: 1 })).data[0]?.content, message?.content);
    },
  },
  {
    says: 'the events of a streamed run can be followed again, and from any point (ours)',
    async run(api) {
      const events = await streamedRun(api);
      const run = events.find((event) => event.event === 'thread.run.created');
      assert.ok(run);
      const path = `/v1/threads/${run.data.thread_id}/runs/${run.data.id}/events`;
      const follow = async (query: string) => {
        const { body } = await api.send('GET', `${path}${query}`);
        return eventsOf(String(body.text));
      };
      const all = await follow('');
      assert.deepEqual(outline(all), [...RUN, ...MESSAGE, 'done']);
      const middle = all.findIndex(({ event }) => event === 'thread.message.completed');
      assert.deepEqual(await follow(`?after=${all[middle]?.id}`), all.slice(middle + 1));
    },
  },
  {
    says: 'an event’s data is one line, also for readers that end lines as text does',
    async run({ send, play, shared }) {
      await play({ text: 'Hello' });
      const metadata = { note: 'one\u2028two\u2029three\u0085four' };
      const thread = { messages: [{ role: 'user', content: 'Say hello.' }], metadata };
      const { body } = await send('POST', '/v1/threads/runs', {
        body: { assistant_id: await shared.assistantId(), thread, metadata, stream: true },
      });
      const text = String(body.text);
      assert.doesNotMatch(text, /[\u0085\u2028\u2029]/);
      const told = (await eventsOf(text)).slice(0, 2).map(({ data }) => JSON.parse(data).metadata);
      assert.deepEqual(told, [metadata, metadata]);
    },
  },
  {
    says: 'events speak the first version’s words to whoever asks for it',
    async run({ client, send, play, model }) {
      const assistant = await client.beta.assistants.create({ model, tools: [{ type: 'file_search' }] });
      await play({ text: ['Hel', 'lo'] });
      const { body } = await send('POST', '/v1/threads/runs', {
        body: {
          assistant_id: assistant.id,
          thread: { messages: [{ role: 'user', content: 'Say hello.' }] },
          stream: true,
        },
        headers: { 'openai-beta': 'assistants=v1' },
      });
      const events = await eventsOf(String(body.text));
      assert.deepEqual(outline(events), ['thread.created', ...RUN, ...MESSAGE, 'done']);
      const data = (name: string) =>
        JSON.parse(events.find(({ event }) => event === name)?.data ?? '{}') as Record<string, unknown>;
      assert.equal('tool_resources' in data('thread.created'), false);
      const completed = data('thread.run.completed');
      assert.deepEqual([completed.tools, completed.file_ids], [[{ type: 'retrieval' }], []]);
      const message = data('thread.message.completed');
      assert.deepEqual([message.file_ids, 'attachments' in message], [[], false]);
    },
  },
];

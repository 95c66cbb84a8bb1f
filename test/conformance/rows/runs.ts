import assert from 'node:assert/strict';

import type { Row } from '../scene/row.ts';
import { cancel, waitingRun, weather } from '../scene/shared-objects.ts';

export const runs: readonly Row[] = [
  {
    says: 'a run is queued with the documented defaults, and completes',
    async run({ client, shared, play, model }) {
      const { threads } = client.beta;
      const assistant_id = await shared.assistantId();
      const { id: thread_id } = await threads.create({
        messages: [{ role: 'user', content: 'Say hello.' }],
      });
      await play({ text: ['Hel', 'lo!'] });
      const queued = await threads.runs.create(thread_id, { assistant_id });
      const { id, created_at } = queued;
      assert.match(id, /^run_/);
      assert.deepEqual(queued, {
        id,
        object: 'thread.run',
        created_at,
        assistant_id,
        thread_id,
        status: 'queued',
        started_at: null,
        expires_at: created_at + 600,
        cancelled_at: null,
        failed_at: null,
        completed_at: null,
        required_action: null,
        last_error: null,
        model,
        instructions: '',
        tools: [],
        tool_resources: {},
        metadata: {},
        temperature: 1,
        top_p: 1,
        max_completion_tokens: null,
        max_prompt_tokens: null,
        truncation_strategy: { type: 'auto', last_messages: null },
        incomplete_details: null,
        usage: null,
        response_format: 'auto',
        tool_choice: 'auto',
        parallel_tool_calls: true,
      });
      const { started_at, completed_at, usage, ...run } = await threads.runs.poll(id, { thread_id });
      assert.equal(run.status, 'completed', run.last_error?.message);
      assert.ok(started_at && completed_at && started_at <= completed_at && created_at <= started_at);
      assert.ok(usage && usage.total_tokens > 0);
      const [answer] = (await threads.messages.list(thread_id)).data;
      assert.deepEqual([answer?.role, answer?.run_id, answer?.assistant_id], ['assistant', id, assistant_id]);
    },
  },
  {
    says: 'a run keeps every override it is created with',
    async run({ client, shared, play, model }) {
      const { threads } = client.beta;
      const overrides = {
        model,
        instructions: 'Be brief.',
        tools: [weather],
        metadata: { why: 'test' },
        temperature: 0.3,
        top_p: 0.9,
        max_prompt_tokens: 20_000,
        max_completion_tokens: 5000,
        truncation_strategy: { type: 'last_messages', last_messages: 3 },
        tool_choice: 'none',
        parallel_tool_calls: false,
        response_format: { type: 'text' },
      } as const;
      await play({ text: 'Hello' });
      const run = await threads.createAndRun({
        assistant_id: await shared.assistantId(),
        thread: { messages: [{ role: 'user', content: 'Say hello.' }] },
        ...(overrides as object),
      });
      assert.deepEqual({ ...run, ...overrides }, run);
      const done = await threads.runs.poll(run.id, { thread_id: run.thread_id });
      assert.deepEqual({ ...done, ...overrides }, done);
    },
  },
  {
    says: 'additional instructions follow the instructions after two newlines; additional messages stay',
    async run({ client, play, model }) {
      const { assistants, threads } = client.beta;
      const assistant = await assistants.create({ model, instructions: 'Be kind.' });
      const { id: thread_id } = await threads.create();
      await play({ text: 'Hello' });
      const run = await threads.runs.createAndPoll(thread_id, {
        assistant_id: assistant.id,
        additional_instructions: 'Be brief.',
        additional_messages: [
          { role: 'user', content: 'one' },
          { role: 'assistant', content: 'two' },
          { role: 'user', content: 'Say hello.' },
        ],
      });
      assert.equal(run.status, 'completed', run.last_error?.message);
      assert.equal(run.instructions, 'Be kind.\n\nBe brief.');
      const { data } = await threads.messages.list(thread_id, { order: 'asc' });
      assert.deepEqual(
        data.map(({ role }) => role),
        ['user', 'assistant', 'user', 'assistant'],
      );
    },
  },
  {
    says: 'runs are listed newest first, retrieved, and labelled with metadata',
    async run({ client, shared, play }) {
      const { threads } = client.beta;
      const assistant_id = await shared.assistantId();
      const { id: thread_id } = await threads.create({
        messages: [{ role: 'user', content: 'Say hello.' }],
      });
      const once = async () => {
        await play({ text: 'Hello' });
        return threads.runs.createAndPoll(thread_id, { assistant_id, metadata: { a: '1' } });
      };
      const [first, second] = [await once(), await once()];
      assert.deepEqual((await threads.runs.list(thread_id)).data, [second, first]);
      assert.deepEqual((await threads.runs.list(thread_id, { order: 'asc', limit: 1 })).data, [first]);
      const labelled = await threads.runs.update(first.id, { thread_id, metadata: { b: '2' } });
      assert.deepEqual(labelled, { ...first, metadata: { b: '2' } });
      assert.deepEqual(await threads.runs.retrieve(first.id, { thread_id }), labelled);
    },
  },
  {
    says: 'a run that waits is cancelled, its open step with it, and the thread is free again',
    async run(api) {
      const { run } = await waitingRun(api);
      const { runs, messages } = api.client.beta.threads;
      const { thread_id } = run;
      const cancelled = await cancel(api, run);
      assert.equal(cancelled.status, 'cancelled');
      const [step] = (await runs.steps.list(run.id, { thread_id })).data;
      assert.equal(step?.status, 'cancelled');
      await messages.create(thread_id, { role: 'user', content: 'free again' });
    },
  },
  {
    says: 'a run is cancelled while the model is silent, and its half message is incomplete',
    needs: ['scripted model'],
    async run({ client, shared, play }) {
      const { threads } = client.beta;
      await play({ text: ['Half a'], pieces: ['stall'] });
      const stream = await threads.createAndRun({
        assistant_id: await shared.assistantId(),
        thread: { messages: [{ role: 'user', content: 'Tell me a story.' }] },
        stream: true,
      });
      const names: string[] = [];
      let place = { id: '', thread_id: '' };
      for await (const { event, data } of stream) {
        names.push(event);
        if (event === 'thread.run.created') place = { id: data.id, thread_id: data.thread_id };
        if (event !== 'thread.message.delta') continue;
        const { status } = await threads.runs.cancel(place.id, { thread_id: place.thread_id });
        assert.equal(status, 'cancelling');
      }
      assert.deepEqual(names.slice(-3), [
        'thread.message.incomplete',
        'thread.run.step.cancelled',
        'thread.run.cancelled',
      ]);
      const [message] = (await threads.messages.list(place.thread_id)).data;
      assert.deepEqual(
        [message?.status, message?.incomplete_details?.reason],
        ['incomplete', 'run_cancelled'],
      );
    },
  },
  {
    says: 'a refusal by the model’s server fails the run with its message',
    needs: ['scripted model'],
    async run({ client, shared, play }) {
      const error = { message: 'This model cannot do that.', type: 'invalid_request_error', code: 'nope' };
      await play({ error: { status: 400, body: { error } } });
      const run = await client.beta.threads.createAndRunPoll({
        assistant_id: await shared.assistantId(),
        thread: { messages: [{ role: 'user', content: 'Hello' }] },
      });
      assert.equal(run.status, 'failed');
      assert.match(run.last_error?.message ?? '', /This model cannot do that/);
    },
  },
  {
    says: 'a budget for answers that is used up leaves the run incomplete',
    needs: ['scripted model'],
    async run({ client, shared, play }) {
      await play({
        text: 'Once upon',
        finish: 'length',
        usage: { prompt_tokens: 10, completion_tokens: 256 },
      });
      const run = await client.beta.threads.createAndRunPoll({
        assistant_id: await shared.assistantId(),
        max_completion_tokens: 256,
        thread: { messages: [{ role: 'user', content: 'Tell me a story.' }] },
      });
      assert.deepEqual(
        [run.status, run.incomplete_details],
        ['incomplete', { reason: 'max_completion_tokens' }],
      );
      assert.deepEqual(run.usage, { prompt_tokens: 10, completion_tokens: 256, total_tokens: 266 });
    },
  },
];

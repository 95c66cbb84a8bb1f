import assert from 'node:assert/strict';

import type OpenAI from 'openai';

import type { Row } from '../scene/row.ts';
import { waitingRun, weather } from '../scene/shared-objects.ts';

type Step = OpenAI.Beta.Threads.Runs.RunStep;

const callsOf = ({ step_details: details }: Step) =>
  details.type === 'tool_calls' ? details.tool_calls : [];

export const tools: readonly Row[] = [
  {
    says: 'a run waits for a function, takes its output, and completes',
    async run(api) {
      const { run, calls } = await waitingRun(api);
      const { runs } = api.client.beta.threads;
      const { id, thread_id } = run;
      const [call] = calls;
      assert.deepEqual([calls.length, call?.function.name], [1, 'get_weather']);
      assert.equal(run.required_action?.type, 'submit_tool_outputs');
      const [open] = (await runs.steps.list(id, { thread_id })).data;
      assert.ok(open && open.status === 'in_progress' && open.completed_at === null);
      await api.play({ text: 'It rains.' });
      const tool_outputs = [{ tool_call_id: call?.id ?? '', output: 'rain' }];
      const queued = await runs.submitToolOutputs(id, { thread_id, tool_outputs });
      assert.deepEqual([queued.status, queued.required_action], ['queued', null]);
      const done = await runs.poll(id, { thread_id });
      assert.equal(done.status, 'completed', done.last_error?.message);
      const steps = (await runs.steps.list(id, { thread_id, order: 'asc' })).data;
      assert.deepEqual(
        steps.map(({ type, status }) => [type, status]),
        [
          ['tool_calls', 'completed'],
          ['message_creation', 'completed'],
        ],
      );
      const [first] = steps;
      assert.ok(first);
      const [answered] = callsOf(first);
      assert.ok(answered?.type === 'function' && answered.function.output === 'rain');
      assert.deepEqual(await runs.steps.retrieve(first.id, { thread_id, run_id: id }), first);
    },
  },
  {
    says: 'steps can be asked for with include[]',
    async run({ client, shared }) {
      const { id: run_id, thread_id } = await shared.finishedRun();
      const { steps } = client.beta.threads.runs;
      const include = ['step_details.tool_calls[*].file_search.results[*].content'] as const;
      const [step] = (await steps.list(run_id, { thread_id, include: [...include] })).data;
      assert.ok(step);
      assert.deepEqual(await steps.retrieve(step.id, { thread_id, run_id, include: [...include] }), step);
    },
  },
  {
    says: 'parallel calls stand in one step, and all their outputs are wanted at once',
    needs: ['scripted model'],
    async run(api) {
      const { run, calls } = await waitingRun(api, ['Paris', 'Rome']);
      const { runs } = api.client.beta.threads;
      const { id, thread_id } = run;
      const outputs = calls.map(({ id: tool_call_id }, index) => ({ tool_call_id, output: `${index}` }));
      const submit = (tool_outputs: typeof outputs) =>
        runs.submitToolOutputs(id, { thread_id, tool_outputs });
      for (const wrong of [outputs.slice(1), [], [...outputs, { tool_call_id: 'call_none', output: '' }]]) {
        await assert.rejects(submit(wrong), { status: 400 });
      }
      await api.play({ text: 'Rain and sun.' });
      await submit(outputs.toReversed());
      assert.equal((await runs.poll(id, { thread_id })).status, 'completed');
      const steps = (await runs.steps.list(id, { thread_id, order: 'asc' })).data;
      assert.deepEqual(
        steps.map((step) => callsOf(step).length),
        [2, 0],
      );
    },
  },
  {
    says: 'functions and the code interpreter are called in one turn',
    needs: ['scripted model'],
    async run(api) {
      const { threads } = api.client.beta;
      await api.play({
        toolCalls: [
          { name: 'python', arguments: { code: 'print(6 * 7)' } },
          { name: 'get_weather', arguments: { city: 'Paris' }, id: 'call_weather' },
        ],
      });
      const run = await threads.createAndRunPoll({
        assistant_id: await api.shared.assistantId(),
        tools: [weather, { type: 'code_interpreter' }],
        thread: { messages: [{ role: 'user', content: 'Calculate, and look outside.' }] },
      });
      const { id, thread_id } = run;
      assert.equal(run.status, 'requires_action', run.last_error?.message);
      assert.deepEqual(
        run.required_action?.submit_tool_outputs.tool_calls.map((call) => call.id),
        ['call_weather'],
      );
      await api.play({ text: '42 and rain.' });
      await threads.runs.submitToolOutputs(id, {
        thread_id,
        tool_outputs: [{ tool_call_id: 'call_weather', output: 'rain' }],
      });
      assert.equal((await threads.runs.poll(id, { thread_id })).status, 'completed');
      const [step] = (await threads.runs.steps.list(id, { thread_id, order: 'asc' })).data;
      assert.ok(step);
      const [python, weatherCall] = callsOf(step);
      assert.ok(python?.type === 'code_interpreter' && weatherCall?.type === 'function');
      assert.deepEqual(python.code_interpreter, {
        input: 'print(6 * 7)',
        outputs: [{ type: 'logs', logs: '42\n' }],
      });
      const prompt = (await api.requests()).at(-1)?.messages as OpenAI.ChatCompletionMessageParam[];
      assert.deepEqual(
        prompt.slice(-3).map(({ role, content }) => [role, content]),
        [
          ['assistant', null],
          ['tool', '42\n'],
          ['tool', 'rain'],
        ],
      );
    },
  },
  {
    says: 'pictures of both kinds reach the model as image parts',
    needs: ['scripted model'],
    async run({ client, shared, play, requests }) {
      const picture = Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
        'base64',
      );
      const file = await client.files.create({
        file: new File([picture], 'dot.png', { type: 'image/png' }),
        purpose: 'vision',
      });
      await play({ text: 'A dot.' });
      const run = await client.beta.threads.createAndRunPoll({
        assistant_id: await shared.assistantId(),
        thread: {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'What is this?' },
                { type: 'image_file', image_file: { file_id: file.id, detail: 'low' } },
                { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
              ],
            },
          ],
        },
      });
      assert.equal(run.status, 'completed', run.last_error?.message);
      const [request] = await requests();
      const messages = request?.messages as OpenAI.ChatCompletionMessageParam[];
      const url = `data:image/png;base64,${picture.toString('base64')}`;
      assert.deepEqual(messages.at(-1)?.content, [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url, detail: 'low' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'auto' } },
      ]);
    },
  },
];

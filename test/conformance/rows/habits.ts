import assert from 'node:assert/strict';

import type { Turn } from '../../support/scripted-turn.ts';
import type { Api, Row } from '../scene/row.ts';
import { cancel, waitingRun } from '../scene/shared-objects.ts';

type Json = Record<string, unknown>;

const hello = { messages: [{ role: 'user', content: 'Hello' }] };

async function accepted(api: Api, path: string, body: unknown, headers = {}): Promise<Json> {
  const answer = await api.send('POST', path, { body, headers });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

/** A run of one turn that the scripted model plays. */
async function played(api: Api, turn: Turn) {
  await api.play(turn);
  const { threads } = api.client.beta;
  return threads.createAndRunPoll({
    assistant_id: await api.shared.assistantId(),
    thread: { messages: [{ role: 'user', content: 'Hello' }] },
  });
}

/** What clients of other languages send, and what they read unguarded. */
export const habits: readonly Row[] = [
  {
    says: 'null for a field that may be left out is absence, at any depth',
    async run(api) {
      const { assistants, threads } = api.client.beta;
      const created = await accepted(api, '/v1/assistants', {
        model: api.model,
        tools: [
          { type: 'function', function: { name: 'f', description: null, parameters: null } },
          { type: 'file_search', file_search: { max_num_results: null, ranking_options: null } },
        ],
        tool_resources: { code_interpreter: { file_ids: null }, file_search: null },
      });
      const assistant = `/v1/assistants/${created.id}`;
      const kept = {
        model: null,
        tools: null,
        tool_resources: { file_search: null, code_interpreter: null },
      };
      const changed = await accepted(api, assistant, kept);
      assert.deepEqual([changed.model, changed.tools], [created.model, created.tools]);
      const thread = await accepted(api, '/v1/threads', { messages: null, tool_resources: null });
      await accepted(api, `/v1/threads/${thread.id}`, {
        tool_resources: { code_interpreter: { file_ids: [] }, file_search: null },
      });
      await assistants.delete(String(created.id));
      await threads.delete(String(thread.id));
    },
  },
  {
    says: 'what was read of an assistant’s tools can be written back with null for what is not set',
    async run(api) {
      const tools = [{ type: 'function', function: { name: 'f' } }, { type: 'file_search' }];
      const { id } = await accepted(api, '/v1/assistants', { model: api.model, tools });
      const dumped = [
        { type: 'function', function: { name: 'f', description: null, parameters: null, strict: false } },
        { type: 'file_search', file_search: null },
      ];
      const { tools: again } = await accepted(api, `/v1/assistants/${id}`, { tools: dumped });
      assert.deepEqual(again, [
        { type: 'function', function: { name: 'f', strict: false } },
        { type: 'file_search' },
      ]);
      await api.client.beta.assistants.delete(String(id));
    },
  },
  {
    says: 'a body [] or null is an empty object, and metadata [] is none',
    async run(api) {
      const { id } = await accepted(api, '/v1/threads', []);
      await accepted(api, `/v1/threads/${id}`, []);
      await accepted(api, `/v1/threads/${id}`, null);
      const { status } = await api.send('POST', `/v1/threads/${id}`, { body: { metadata: [] } });
      assert.equal(status, 400);
      await api.client.beta.threads.delete(String(id));
    },
  },
  {
    says: 'a budget may be of 16 tokens',
    async run(api) {
      const { id } = await accepted(api, '/v1/threads', hello);
      const budgets = { max_completion_tokens: 16, max_prompt_tokens: 1 };
      const assistant_id = await api.shared.assistantId();
      const run = await accepted(api, `/v1/threads/${id}/runs`, { assistant_id, ...budgets });
      assert.deepEqual([run.max_completion_tokens, run.max_prompt_tokens], [16, 1]);
      const { runs } = api.client.beta.threads;
      const ended = await runs.poll(String(run.id), { thread_id: String(id) });
      assert.deepEqual(
        [ended.status, ended.incomplete_details],
        ['incomplete', { reason: 'max_prompt_tokens' }],
      );
    },
  },
  {
    says: 'in the first version numbers and booleans in metadata become strings',
    async run(api) {
      const headers = { 'openai-beta': 'assistants=v1' };
      const metadata = { modified: true, version: 2 };
      const { id, metadata: shown } = await accepted(api, '/v1/threads', { metadata }, headers);
      assert.deepEqual(shown, { modified: 'True', version: '2' });
      await api.client.beta.threads.delete(String(id));
    },
  },
  {
    says: 'an empty value in a query is absence, and what resembles no parameter is passed over',
    async run(api) {
      const { thread_id } = await api.shared.finishedRun();
      const messages = `/v1/threads/${thread_id}/messages`;
      const { body } = await api.send('GET', messages);
      for (const query of ['limit=&order=&after=&before=&run_id=', 'subscription-key=x&_=1']) {
        assert.deepEqual((await api.send('GET', `${messages}?${query}`)).body, body, query);
      }
    },
  },
  {
    says: 'an output that is no string is taken as its JSON',
    async run(api) {
      const { run, calls } = await waitingRun(api);
      const runs = `/v1/threads/${run.thread_id}/runs/${run.id}`;
      await api.play({ text: 'Rain.' });
      await accepted(api, `${runs}/submit_tool_outputs`, {
        tool_outputs: [{ tool_call_id: calls[0]?.id, output: { rain: true } }],
      });
      const { threads } = api.client.beta;
      await threads.runs.poll(run.id, { thread_id: run.thread_id });
      const { data } = await threads.runs.steps.list(run.id, { thread_id: run.thread_id, order: 'asc' });
      const details = data[0]?.step_details;
      assert.ok(details?.type === 'tool_calls' && details.tool_calls[0]?.type === 'function');
      assert.equal(details.tool_calls[0].function.output, '{"rain":true}');
    },
  },
  {
    says: 'a step has the time at which it expires, its run’s, beside the one at which it has expired',
    async run(api) {
      const { run } = await waitingRun(api);
      const steps = `/v1/threads/${run.thread_id}/runs/${run.id}/steps`;
      const [step] = (await api.send('GET', steps)).body.data as Json[];
      assert.deepEqual([step?.expires_at, step?.expired_at], [run.expires_at, null]);
      await cancel(api, run);
      const [after] = (await api.send('GET', steps)).body.data as Json[];
      assert.equal(after?.expires_at, run.expires_at);
    },
  },
  {
    says: 'a run that a filter ended says why, whether the answer was filtered or the question',
    needs: ['scripted model'],
    async run(api) {
      const answer = await played(api, { text: 'You', finish: 'content_filter' });
      const message = 'The response was filtered due to the prompt triggering the content management policy.';
      const error = { message, type: null, param: 'prompt', code: 'content_filter', status: 400 };
      const question = await played(api, { error: { status: 400, body: { error } } });
      for (const run of [answer, question]) {
        assert.deepEqual([run.status, run.incomplete_details], ['incomplete', { reason: 'content_filter' }]);
      }
      assert.match(question.last_error?.message ?? '', /filtered due to the prompt/);
    },
  },
  {
    says: 'a tool that is added later gets its empty place among the resources',
    async run({ client, model }) {
      const { id } = await client.beta.assistants.create({ model });
      const tools = [{ type: 'code_interpreter' as const }];
      const { tool_resources: resources } = await client.beta.assistants.update(id, { tools });
      assert.deepEqual(resources?.code_interpreter?.file_ids, []);
      await client.beta.assistants.delete(id);
    },
  },
  {
    says: 'a run on a thread without messages, by an assistant without instructions, is refused',
    async run({ client, model }) {
      const { id: assistant_id } = await client.beta.assistants.create({ model });
      const { id } = await client.beta.threads.create();
      const refused = { status: 400, code: 'invalid_thread', param: null };
      await assert.rejects(client.beta.threads.runs.create(id, { assistant_id }), refused);
      await client.beta.threads.delete(id);
      await client.beta.assistants.delete(assistant_id);
    },
  },
  {
    says: 'an answer of nothing leaves a message that can be read',
    needs: ['scripted model'],
    async run(api) {
      const run = await played(api, { text: [] });
      assert.equal(run.status, 'completed', run.last_error?.message);
      const [message] = (await api.client.beta.threads.messages.list(run.thread_id)).data;
      assert.deepEqual(message?.content, [{ type: 'text', text: { value: '', annotations: [] } }]);
    },
  },
];

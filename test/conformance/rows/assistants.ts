import assert from 'node:assert/strict';

import { toFile } from 'openai';

import type { Row } from '../scene/row.ts';
import { weather } from '../scene/shared-objects.ts';

export const assistants: readonly Row[] = [
  {
    says: 'an assistant of nothing but a model has the documented defaults',
    async run({ client, model }) {
      const { id, created_at, ...rest } = await client.beta.assistants.create({ model });
      assert.match(id, /^asst_/);
      assert.ok(Math.abs(created_at - Date.now() / 1000) < 300, 'created_at is the time, in seconds');
      assert.deepEqual(rest, {
        object: 'assistant',
        name: null,
        description: null,
        model,
        instructions: null,
        tools: [],
        tool_resources: {},
        metadata: {},
        temperature: 1,
        top_p: 1,
        response_format: 'auto',
      });
    },
  },
  {
    says: 'an assistant keeps every field it is created with',
    async run({ client, model }) {
      const { id } = await client.files.create({
        file: await toFile(Buffer.from('a,b\n1,2\n'), 'data.csv'),
        purpose: 'assistants',
      });
      const fields = {
        model,
        name: 'Plotter',
        description: 'Draws.',
        instructions: 'Draw what you are told. 😀',
        tools: [{ type: 'code_interpreter' }, weather],
        tool_resources: { code_interpreter: { file_ids: [id] } },
        metadata: { team: 'blue', note: '' },
        temperature: 0.2,
        top_p: 0.5,
        reasoning_effort: 'low',
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
        },
      } as const;
      const created = await client.beta.assistants.create(fields as never);
      assert.deepEqual({ ...created, ...fields }, created);
      assert.deepEqual(await client.beta.assistants.retrieve(created.id), created);
    },
  },
  {
    says: 'changing an assistant replaces the fields sent, and metadata as a whole',
    async run({ client: { beta }, model }) {
      const before = await beta.assistants.create({
        model,
        name: 'Before',
        instructions: 'Stay.',
        temperature: 0.5,
        tools: [weather],
        metadata: { a: '1', b: '2' },
      });
      const renamed = await beta.assistants.update(before.id, { name: 'After' });
      assert.deepEqual(renamed, { ...before, name: 'After' });
      const changed = await beta.assistants.update(before.id, {
        name: null,
        temperature: null,
        tools: [],
        metadata: { b: '3' },
      });
      assert.deepEqual(changed, { ...before, name: null, temperature: 1, tools: [], metadata: { b: '3' } });
    },
  },
  {
    says: 'resources are changed for each tool by itself',
    async run({ client, model }) {
      const file = async () =>
        (
          await client.files.create({
            file: await toFile(Buffer.from('x'), 'x.txt'),
            purpose: 'assistants',
          })
        ).id;
      const [first, second] = [await file(), await file()];
      const { id } = await client.beta.assistants.create({
        model,
        tools: [{ type: 'code_interpreter' }],
        tool_resources: { code_interpreter: { file_ids: [first] } },
      });
      const change = (file_ids: string[]) =>
        client.beta.assistants.update(id, { tool_resources: { code_interpreter: { file_ids } } });
      assert.deepEqual((await change([second])).tool_resources?.code_interpreter?.file_ids, [second]);
      assert.deepEqual((await change([])).tool_resources?.code_interpreter?.file_ids, []);
    },
  },
  {
    says: 'a deleted assistant is gone; its threads and runs stay',
    async run(api) {
      const { assistants, threads } = api.client.beta;
      const { id } = await assistants.create({ model: api.model });
      await api.play({ text: 'Hello' });
      const run = await threads.createAndRunPoll({
        assistant_id: id,
        thread: { messages: [{ role: 'user', content: 'Say hello.' }] },
      });
      assert.deepEqual(await assistants.delete(id), { id, object: 'assistant.deleted', deleted: true });
      await assert.rejects(assistants.retrieve(id), { status: 404 });
      await assert.rejects(assistants.update(id, {}), { status: 404 });
      await assert.rejects(assistants.delete(id), { status: 404 });
      const listed = (await assistants.list({ limit: 100 })).data.map((assistant) => assistant.id);
      assert.equal(listed.includes(id), false);
      const again = await threads.runs.retrieve(run.id, { thread_id: run.thread_id });
      assert.deepEqual(again, run);
      assert.equal((await threads.messages.list(run.thread_id)).data.length, 2);
      await assert.rejects(threads.runs.create(run.thread_id, { assistant_id: id }), {
        status: 404,
        param: 'assistant_id',
      });
    },
  },
];

import assert from 'node:assert/strict';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import type { Row } from '../scene/row.ts';

const V1 = '2024-02-15-preview';

const aFile = async ({ files }: OpenAI): Promise<string> =>
  (await files.create({ file: await toFile(Buffer.from('x'), 'x.csv'), purpose: 'assistants' })).id;

export const doors: readonly Row[] = [
  {
    says: 'three doors lead to one house, with either header',
    async run(api) {
      const { client, foundry, azure, send, model, shared } = api;
      const made = [
        await client.beta.assistants.create({ model, name: 'v1' }),
        await azure().beta.assistants.create({ model, name: 'openai' }),
        await foundry.beta.assistants.create({ model, name: 'openai/v1' }),
      ];
      for (const { beta } of [client, azure(), foundry]) {
        for (const assistant of made)
          assert.deepEqual(await beta.assistants.retrieve(assistant.id), assistant);
      }
      const path = `/assistants/${await shared.assistantId()}`;
      for (const door of ['/v1', '/openai', '/openai/v1']) {
        const key = client.apiKey;
        for (const headers of [{ authorization: `Bearer ${key}` }, { 'api-key': key }]) {
          const answer = await send('GET', `${door}${path}`, {
            key: null,
            headers: headers as Record<string, string>,
          });
          assert.equal(answer.status, 200, door);
        }
      }
    },
  },
  {
    says: 'the Azure client runs a conversation from its first call to its last',
    async run({ azure, model, play }) {
      const client = azure();
      const file = await client.files.create({
        file: await toFile(Buffer.from('a\n1\n'), 'a.csv'),
        purpose: 'assistants',
      });
      const assistant = await client.beta.assistants.create({ model, instructions: 'Be brief.' });
      const thread = await client.beta.threads.create();
      await client.beta.threads.messages.create(thread.id, { role: 'user', content: 'Say hello.' });
      await play({ text: 'Hello' });
      const run = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
      assert.equal(run.status, 'completed', run.last_error?.message);
      const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id: thread.id });
      assert.equal(steps.data.length, 1);
      assert.equal((await client.beta.threads.messages.list(thread.id)).data.length, 2);
      await client.files.delete(file.id);
      await client.beta.threads.delete(thread.id);
      await client.beta.assistants.delete(assistant.id);
    },
  },
  {
    says: 'every answer, a refusal too, tells its request and its time',
    async run({ send }) {
      const answers = [
        await send('GET', '/v1/models'),
        await send('GET', '/v1/nothing'),
        await send('GET', '/v1/models', { key: null }),
        await send('POST', '/v1/assistants', { body: '{' }),
      ];
      const ids = answers.map(({ headers }) => headers.get('x-request-id'));
      assert.equal(new Set(ids).size, answers.length);
      for (const { headers } of answers) assert.match(headers.get('openai-processing-ms') ?? '', /^\d+$/);
    },
  },
  {
    says: 'the API describes itself',
    async run({ send, done }) {
      const { status, body } = await send('GET', '/openapi.json', { key: null });
      assert.equal(status, 200);
      assert.equal(typeof body.openapi, 'string');
      assert.ok(Object.keys(body.paths as object).length >= 20);
      assert.ok(done.size > 0);
    },
  },
];

export const firstVersion: readonly Row[] = [
  {
    says: 'an assistant of the first version keeps file_ids and its retrieval tool',
    async run({ azure, client, model }) {
      const file = await client.files.create({
        file: await toFile(Buffer.from('x'), 'x.csv'),
        purpose: 'assistants',
      });
      const v1 = azure(V1).beta.assistants;
      const request = { model, tools: [{ type: 'retrieval' }], file_ids: [file.id] };
      const created = await v1.create(request as never);
      assert.deepEqual({ ...created, ...request }, created);
      assert.equal('tool_resources' in created, false);
      assert.deepEqual(await v1.retrieve(created.id), created);
      assert.deepEqual(await v1.update(created.id, { name: 'Old' }), { ...created, name: 'Old' });
      const { data } = await v1.list({ limit: 1 });
      assert.deepEqual(data, [{ ...created, name: 'Old' }]);
      const now = await client.beta.assistants.retrieve(created.id);
      assert.deepEqual(now.tools, [{ type: 'file_search' }]);
      assert.deepEqual(now.tool_resources?.code_interpreter, { file_ids: [file.id] });
    },
  },
  {
    says: 'a conversation of the first version works from its first call to its last',
    async run({ azure, client, model, play }) {
      const file = await client.files.create({
        file: await toFile(Buffer.from('x'), 'x.csv'),
        purpose: 'assistants',
      });
      const v1 = azure(V1).beta;
      const assistant = await v1.assistants.create({ model });
      const thread = await v1.threads.create();
      const legacy = { role: 'user', content: 'Say hello.', file_ids: [file.id] } as const;
      const message = await v1.threads.messages.create(thread.id, legacy as never);
      assert.deepEqual((message as unknown as { file_ids: string[] }).file_ids, [file.id]);
      await play({ text: 'Hello' });
      const run = await v1.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
      assert.equal(run.status, 'completed', run.last_error?.message);
      const { data } = await v1.threads.messages.list(thread.id);
      assert.deepEqual([data.length, data[1]], [2, message]);
    },
  },
  {
    says: 'files of the first version are attached to an assistant one by one, and taken from it',
    async run({ azure, client, model }) {
      const [first, second] = [await aFile(client), await aFile(client)];
      const v1 = azure(V1);
      const { id, created_at } = await v1.beta.assistants.create({ model });
      const path = `/assistants/${id}/files`;
      const attached = (file: string) => ({
        id: file,
        object: 'assistant.file',
        created_at,
        assistant_id: id,
      });
      for (const file_id of [first, second, first])
        assert.deepEqual(await v1.post(path, { body: { file_id } }), attached(file_id));
      const list = { object: 'list', has_more: false };
      assert.deepEqual(await v1.get(path), {
        ...list,
        data: [attached(second), attached(first)],
        first_id: second,
        last_id: first,
      });
      assert.deepEqual(await v1.get(`${path}/${first}`), attached(first));
      const { tool_resources } = await client.beta.assistants.retrieve(id);
      assert.deepEqual(tool_resources?.code_interpreter, { file_ids: [first, second] });
      const gone = { id: first, object: 'assistant.file.deleted', deleted: true };
      assert.deepEqual(await v1.delete(`${path}/${first}`), gone);
      for (const how of ['get', 'delete'] as const)
        await assert.rejects(v1[how](`${path}/${first}`), { status: 404 });
      const left = { ...list, data: [attached(second)], first_id: second, last_id: second };
      assert.deepEqual(await v1.get(path), left);
      await client.files.retrieve(first);
    },
  },
  {
    says: 'a message of the first version lists its files',
    async run({ azure, client }) {
      const [first, second] = [await aFile(client), await aFile(client)];
      const v1 = azure(V1);
      const thread = await v1.beta.threads.create();
      const legacy = { role: 'user', content: 'Say hello.', file_ids: [first, second] } as const;
      const { id, created_at } = await v1.beta.threads.messages.create(thread.id, legacy as never);
      const path = `/threads/${thread.id}/messages/${id}/files`;
      const attached = (file: string) => ({
        id: file,
        object: 'thread.message.file',
        created_at,
        message_id: id,
      });
      const data = [attached(first), attached(second)];
      assert.deepEqual(await v1.get(path, { query: { order: 'asc' } }), {
        object: 'list',
        data,
        first_id: first,
        last_id: second,
        has_more: false,
      });
      assert.deepEqual(await v1.get(`${path}/${second}`), attached(second));
      await assert.rejects(v1.get(`${path}/file-x`), { status: 404 });
    },
  },
  {
    says: 'the header selects the first version at every door',
    async run({ send, model }) {
      for (const door of ['/v1', '/openai', '/openai/v1']) {
        const { status, body } = await send('POST', `${door}/assistants`, {
          body: { model, file_ids: [] },
          headers: { 'openai-beta': 'assistants=v1' },
        });
        assert.deepEqual([status, body.file_ids], [200, []], door);
      }
    },
  },
];

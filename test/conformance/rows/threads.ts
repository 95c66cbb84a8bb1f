import assert from 'node:assert/strict';

import { toFile } from 'openai';

import type { Row } from '../scene/row.ts';

export const threads: readonly Row[] = [
  {
    says: 'a thread of nothing has the documented defaults',
    async run({ client }) {
      const { id, created_at: _time, ...rest } = await client.beta.threads.create();
      assert.match(id, /^thread_/);
      assert.deepEqual(rest, { object: 'thread', tool_resources: {}, metadata: {} });
      assert.deepEqual((await client.beta.threads.messages.list(id)).data, []);
    },
  },
  {
    says: 'a thread begins with the messages it is given, in their order',
    async run({ client: { beta } }) {
      const thread = await beta.threads.create({
        messages: [
          { role: 'user', content: 'one' },
          { role: 'assistant', content: 'two' },
          { role: 'user', content: [{ type: 'text', text: 'three' }], metadata: { n: '3' } },
        ],
        metadata: { kind: 'test' },
      });
      assert.deepEqual(await beta.threads.retrieve(thread.id), thread);
      const messages = (await beta.threads.messages.list(thread.id, { order: 'asc' })).data;
      assert.deepEqual(
        messages.map(({ role, content: [part] }) => [role, part?.type === 'text' && part.text.value]),
        [
          ['user', 'one'],
          ['assistant', 'two'],
          ['user', 'three'],
        ],
      );
      assert.deepEqual(messages[2]?.metadata, { n: '3' });
    },
  },
  {
    says: 'changing a thread replaces the fields sent',
    async run({ client }) {
      const { threads } = client.beta;
      const file = await client.files.create({
        file: await toFile(Buffer.from('x'), 'x.txt'),
        purpose: 'assistants',
      });
      const before = await threads.create({ metadata: { a: '1' } });
      const tool_resources = { code_interpreter: { file_ids: [file.id] } };
      const changed = await threads.update(before.id, { tool_resources });
      assert.deepEqual(changed, { ...before, tool_resources });
      assert.deepEqual(await threads.update(before.id, { metadata: { b: '2' } }), {
        ...changed,
        metadata: { b: '2' },
      });
      assert.deepEqual((await threads.update(before.id, { metadata: null })).metadata, {});
    },
  },
  {
    says: 'files that a message brings for the code interpreter become resources of its thread',
    async run({ client }) {
      const { threads } = client.beta;
      const file = async () =>
        (
          await client.files.create({
            file: await toFile(Buffer.from('a,b'), 'x.csv'),
            purpose: 'assistants',
          })
        ).id;
      const attached = (file_id: string) => ({
        role: 'user' as const,
        content: 'Look at this.',
        attachments: [{ file_id, tools: [{ type: 'code_interpreter' as const }] }],
      });
      const [first, second] = [await file(), await file()];
      const thread = await threads.create({ messages: [attached(first)] });
      const message = await threads.messages.create(thread.id, attached(second));
      const filesOf = async () =>
        (await threads.retrieve(thread.id)).tool_resources?.code_interpreter?.file_ids ?? [];
      assert.deepEqual((await filesOf()).toSorted(), [first, second].toSorted());
      await threads.messages.delete(message.id, { thread_id: thread.id });
      assert.equal((await filesOf()).length, 2);
    },
  },
  {
    says: 'a deleted thread is gone with its messages and runs; files stay',
    async run({ client, shared, play }) {
      const { threads } = client.beta;
      const file = await client.files.create({
        file: await toFile(Buffer.from('x'), 'x.txt'),
        purpose: 'assistants',
      });
      await play({ text: 'Hello' });
      const run = await threads.createAndRunPoll({
        assistant_id: await shared.assistantId(),
        thread: {
          messages: [
            {
              role: 'user',
              content: 'Say hello.',
              attachments: [{ file_id: file.id, tools: [{ type: 'code_interpreter' }] }],
            },
          ],
        },
      });
      const thread_id = run.thread_id;
      assert.deepEqual(await threads.delete(thread_id), {
        id: thread_id,
        object: 'thread.deleted',
        deleted: true,
      });
      await assert.rejects(threads.retrieve(thread_id), { status: 404 });
      await assert.rejects(threads.update(thread_id, {}), { status: 404 });
      await assert.rejects(threads.delete(thread_id), { status: 404 });
      await assert.rejects(threads.messages.list(thread_id), { status: 404 });
      await assert.rejects(threads.runs.list(thread_id), { status: 404 });
      await assert.rejects(threads.runs.retrieve(run.id, { thread_id }), { status: 404 });
      await assert.rejects(threads.runs.steps.list(run.id, { thread_id }), { status: 404 });
      assert.deepEqual(await client.files.retrieve(file.id), file);
    },
  },
  {
    says: 'GET /threads lists the threads, newest first (ours)',
    async run({ client, send }) {
      const { threads } = client.beta;
      const created = [await threads.create(), await threads.create(), await threads.create()];
      const [first, ...rest] = created.toReversed();
      const list = async (query: string) => (await send('GET', `/v1/threads?${query}`)).body.data;
      assert.deepEqual(await list(`limit=2&after=${first?.id}`), rest);
      assert.deepEqual(await list(`limit=2&order=asc&after=${created[0]?.id}`), created.slice(1));
      assert.deepEqual(await list(`limit=1&before=${created[1]?.id}`), [first]);
    },
  },
];

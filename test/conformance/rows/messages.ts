import assert from 'node:assert/strict';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import type { Row } from '../scene/row.ts';

const text = (value: string) => ({ type: 'text', text: { value, annotations: [] } });
const LONGEST = 256_000;

export const messages: readonly Row[] = [
  {
    says: 'a message of a user has the documented defaults',
    async run({ client }) {
      const { threads } = client.beta;
      const thread = await threads.create();
      const message = await threads.messages.create(thread.id, { role: 'user', content: 'Hi 😀' });
      assert.match(message.id, /^msg_/);
      assert.deepEqual(message, {
        id: message.id,
        object: 'thread.message',
        created_at: message.created_at,
        thread_id: thread.id,
        status: 'completed',
        incomplete_details: null,
        completed_at: message.completed_at,
        incomplete_at: null,
        role: 'user',
        content: [text('Hi 😀')],
        assistant_id: null,
        run_id: null,
        attachments: [],
        metadata: {},
      });
      assert.deepEqual(await threads.messages.retrieve(message.id, { thread_id: thread.id }), message);
    },
  },
  {
    says: 'a message keeps texts, pictures and attachments as they were sent',
    async run({ client }) {
      const { threads } = client.beta;
      const file = await client.files.create({
        file: await toFile(Buffer.from('x'), 'x.png'),
        purpose: 'vision',
      });
      const thread = await threads.create();
      const content: OpenAI.Beta.Threads.MessageContentPartParam[] = [
        { type: 'text', text: 'one' },
        { type: 'image_file', image_file: { file_id: file.id, detail: 'high' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png?b=c#d' } },
        { type: 'text', text: 'two' },
      ];
      const attachments: OpenAI.Beta.Threads.MessageCreateParams.Attachment[] = [
        { file_id: file.id, tools: [{ type: 'code_interpreter' }, { type: 'file_search' }] },
      ];
      const message = await threads.messages.create(thread.id, {
        role: 'assistant',
        content,
        attachments,
        metadata: { k: 'v' },
      });
      assert.equal(message.role, 'assistant');
      assert.deepEqual(message.content, [
        text('one'),
        { type: 'image_file', image_file: { file_id: file.id, detail: 'high' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png?b=c#d', detail: 'auto' } },
        text('two'),
      ]);
      assert.deepEqual(message.attachments, attachments);
      assert.deepEqual((await threads.messages.list(thread.id)).data, [message]);
    },
  },
  {
    says: "a message's metadata can be changed, its text cannot",
    async run({ client, send }) {
      const { threads } = client.beta;
      const { id: thread_id } = await threads.create();
      const message = await threads.messages.create(thread_id, { role: 'user', content: 'x' });
      const update = (metadata: Record<string, string> | null) =>
        threads.messages.update(message.id, { thread_id, metadata });
      assert.deepEqual(await update({ a: '1' }), { ...message, metadata: { a: '1' } });
      assert.deepEqual(await update(null), message);
      const path = `/v1/threads/${thread_id}/messages/${message.id}`;
      const refused = await send('POST', path, { body: { content: 'y' } });
      assert.equal(refused.status, 400);
      assert.deepEqual(await threads.messages.retrieve(message.id, { thread_id }), message);
    },
  },
  {
    says: 'a deleted message is gone, and the others stay',
    async run({ client }) {
      const { threads } = client.beta;
      const { id: thread_id } = await threads.create();
      const add = (content: string) => threads.messages.create(thread_id, { role: 'user', content });
      const [first, second, third] = [await add('1'), await add('2'), await add('3')];
      assert.deepEqual(await threads.messages.delete(second.id, { thread_id }), {
        id: second.id,
        object: 'thread.message.deleted',
        deleted: true,
      });
      await assert.rejects(threads.messages.retrieve(second.id, { thread_id }), { status: 404 });
      await assert.rejects(threads.messages.delete(second.id, { thread_id }), { status: 404 });
      assert.deepEqual((await threads.messages.list(thread_id)).data, [third, first]);
    },
  },
  {
    says: 'messages are listed by the run that wrote them',
    async run({ client, shared }) {
      const { id: run_id, thread_id } = await shared.finishedRun();
      const { data } = await client.beta.threads.messages.list(thread_id, { run_id });
      assert.deepEqual(
        data.map((message) => [message.run_id, message.role]),
        [[run_id, 'assistant']],
      );
    },
  },
  {
    says: 'a message of 256,000 characters comes back identical, one more is refused',
    async run({ client }) {
      const { threads } = client.beta;
      const { id: thread_id } = await threads.create();
      for (const character of ['x', '漢', '😀']) {
        const content = character.repeat(LONGEST);
        const { id } = await threads.messages.create(thread_id, { role: 'user', content });
        const message = await threads.messages.retrieve(id, { thread_id });
        assert.ok(message.content[0]?.type === 'text' && message.content[0].text.value === content);
        await assert.rejects(threads.messages.create(thread_id, { role: 'user', content: `${content}x` }), {
          status: 400,
          code: 'string_above_max_length',
          param: 'content',
        });
      }
      assert.equal((await threads.messages.list(thread_id)).data.length, 3);
    },
  },
  {
    says: 'legacy file_ids become attachments for the code interpreter',
    async run({ client, azure }) {
      const file = await client.files.create({
        file: await toFile(Buffer.from('x'), 'x.csv'),
        purpose: 'assistants',
      });
      const { threads } = azure('2024-05-01-preview').beta;
      const { id } = await threads.create();
      const legacy = { role: 'user', content: 'Look at this.', file_ids: [file.id] } as const;
      const message = await threads.messages.create(id, legacy as never);
      assert.deepEqual(message.attachments, [{ file_id: file.id, tools: [{ type: 'code_interpreter' }] }]);
      assert.equal('file_ids' in message, false);
    },
  },
];

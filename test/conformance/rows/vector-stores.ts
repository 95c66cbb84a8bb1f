import assert from 'node:assert/strict';

import { toFile } from 'openai';

import type { Api, Row } from '../scene/row.ts';

const none = { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 };

const document = (name: string, text: string) => toFile(Buffer.from(text), name);

async function fileOf({ client }: Api, name: string, text: string): Promise<string> {
  return (await client.files.create({ file: await document(name, text), purpose: 'assistants' })).id;
}

export const vectorStores: readonly Row[] = [
  {
    says: 'a vector store is made, described, changed, listed and deleted',
    async run({ client: { vectorStores: stores } }) {
      const store = await stores.create({
        name: 'Handbook',
        metadata: { team: 'a' },
        expires_after: { anchor: 'last_active_at', days: 3 },
      });
      assert.match(store.id, /^vs_/);
      assert.deepEqual(store, {
        id: store.id,
        object: 'vector_store',
        created_at: store.created_at,
        name: 'Handbook',
        usage_bytes: 0,
        file_counts: none,
        status: 'completed',
        expires_after: { anchor: 'last_active_at', days: 3 },
        expires_at: store.created_at + 3 * 86_400,
        last_active_at: store.created_at,
        metadata: { team: 'a' },
      });
      assert.deepEqual(await stores.retrieve(store.id), store);
      const changed = await stores.update(store.id, { name: 'Manual', expires_after: null });
      const { expires_after: _gone, ...rest } = store;
      assert.deepEqual(changed, { ...rest, name: 'Manual', expires_at: null });
      const other = await stores.create({});
      const { data } = await stores.list({ limit: 2 });
      assert.deepEqual(data, [other, changed]);
      assert.deepEqual((await stores.list({ order: 'asc', after: store.id, limit: 1 })).data, [other]);
      assert.deepEqual(await stores.delete(store.id), {
        id: store.id,
        object: 'vector_store.deleted',
        deleted: true,
      });
      const missing = { status: 404, message: `404 No vector store found with id '${store.id}'.` };
      await assert.rejects(stores.retrieve(store.id), missing);
      await assert.rejects(stores.search(store.id, { query: 'x' }), missing);
    },
  },
  {
    says: 'a file that is uploaded into a vector store is searched, narrowed by attributes, read, and taken out',
    async run(api) {
      const { vectorStores: stores, files } = api.client;
      const store = await stores.create({ name: 'Manuals' });
      const place = { vector_store_id: store.id };
      const text = 'To reset the pump, hold button B7 for nine seconds.';
      const added = await stores.files.uploadAndPoll(store.id, await document('PUMP.MD', text));
      assert.deepEqual([added.status, added.last_error], ['completed', null]);
      assert.deepEqual(added.chunking_strategy, {
        type: 'static',
        static: { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 },
      });
      const now = await stores.retrieve(store.id);
      assert.deepEqual([now.status, now.file_counts], ['completed', { ...none, completed: 1, total: 1 }]);
      assert.equal(now.usage_bytes, added.usage_bytes);

      const attributes = { product: 'pump', year: 2024, current: true };
      const described = await stores.files.update(added.id, { ...place, attributes });
      assert.deepEqual(described, { ...added, attributes });
      assert.deepEqual(await stores.files.retrieve(added.id, place), described);

      const query = 'How do I reset the pump?';
      const found = await stores.search(store.id, {
        query,
        filters: {
          type: 'and',
          filters: [
            { type: 'gte', key: 'year', value: 2020 },
            { type: 'eq', key: 'product', value: 'pump' },
          ],
        },
      });
      const [hit] = found.data;
      assert.deepEqual(
        [hit?.file_id, hit?.filename, hit?.attributes, hit?.content],
        [added.id, 'PUMP.MD', attributes, [{ type: 'text', text }]],
      );
      const elsewhere = { type: 'eq', key: 'product', value: 'valve' } as const;
      assert.deepEqual((await stores.search(store.id, { query, filters: elsewhere })).data, []);

      const content = await stores.files.content(added.id, place);
      assert.deepEqual(content.data, [{ type: 'text', text }]);
      assert.deepEqual(await stores.files.delete(added.id, place), {
        id: added.id,
        object: 'vector_store.file.deleted',
        deleted: true,
      });
      await assert.rejects(stores.files.retrieve(added.id, place), { status: 404 });
      assert.deepEqual((await stores.search(store.id, { query })).data, []);
      assert.deepEqual((await stores.retrieve(store.id)).file_counts, none);
      // The file object itself stays.
      assert.equal((await files.retrieve(added.id)).filename, 'PUMP.MD');
    },
  },
  {
    says: 'a batch of uploads is polled to its end under its own id, and its files are listed by status',
    async run(api) {
      const { vectorStores: stores } = api.client;
      const store = await stores.create({});
      const batch = await stores.fileBatches.uploadAndPoll(store.id, {
        files: await Promise.all([
          document('a.txt', 'Apples are red.'),
          document('b.txt', 'Pears are green.'),
        ]),
        fileIds: [await fileOf(api, 'c.exe', 'binary')],
      });
      assert.match(batch.id, /^vsfb_/);
      assert.deepEqual(
        [batch.status, batch.file_counts],
        ['completed', { ...none, completed: 2, failed: 1, total: 3 }],
      );
      const place = { vector_store_id: store.id };
      assert.deepEqual(await stores.fileBatches.retrieve(batch.id, place), batch);
      const listed = async (filter: 'completed' | 'failed') =>
        (await stores.fileBatches.listFiles(batch.id, { ...place, filter })).data;
      assert.equal((await listed('completed')).length, 2);
      const [failed] = await listed('failed');
      assert.equal(failed?.last_error?.code, 'unsupported_file');
      assert.deepEqual((await stores.files.list(store.id, { filter: 'failed' })).data, [failed]);
      await assert.rejects(stores.fileBatches.retrieve('vsfb_none', place), { status: 404 });
    },
  },
  {
    says: 'files of one request may each bring their own attributes and chunking; a cancelled batch ends',
    async run(api) {
      const { vectorStores: stores } = api.client;
      const store = await stores.create({});
      const chunking_strategy = {
        type: 'static',
        static: { max_chunk_size_tokens: 200, chunk_overlap_tokens: 100 },
      } as const;
      const file_id = await fileOf(api, 'd.txt', 'Dates are brown.');
      const batch = await stores.fileBatches.createAndPoll(store.id, {
        files: [{ file_id, attributes: { kind: 'fruit' }, chunking_strategy }],
      });
      assert.equal(batch.file_counts.completed, 1);
      const file = await stores.files.retrieve(file_id, { vector_store_id: store.id });
      assert.deepEqual([file.attributes, file.chunking_strategy], [{ kind: 'fruit' }, chunking_strategy]);
      const both = { file_ids: [file_id], files: [{ file_id }] };
      await assert.rejects(stores.fileBatches.create(store.id, both), { status: 400, param: 'files' });
      const next = await stores.fileBatches.create(store.id, {
        file_ids: [await fileOf(api, 'e.txt', 'Elderberries are black.')],
      });
      const cancelled = await stores.fileBatches.cancel(next.id, { vector_store_id: store.id });
      assert.equal(cancelled.file_counts.in_progress, 0);
      const { completed, cancelled: ended, total } = cancelled.file_counts;
      assert.equal(completed + ended, total);
    },
  },
  {
    says: 'a file is added by its id and polled, and only files and stores that exist',
    async run(api) {
      const { vectorStores: stores } = api.client;
      const file_id = await fileOf(api, 'f.txt', 'Figs are purple.');
      const store = await stores.create({ file_ids: [file_id] });
      const added = await stores.files.createAndPoll(store.id, { file_id });
      assert.equal(added.status, 'completed');
      assert.equal((await stores.retrieve(store.id)).file_counts.total, 1);
      await assert.rejects(stores.files.create(store.id, { file_id: 'file-none' }), {
        status: 404,
        param: 'file_id',
      });
      await assert.rejects(stores.files.create('vs_none', { file_id }), { status: 404 });
      await assert.rejects(stores.create({ file_ids: [file_id, 'file-none'] }), { param: 'file_ids[1]' });
    },
  },
  {
    says: 'assistants and threads make vector stores as they are made, and attachments extend the thread’s',
    async run(api) {
      const { vectorStores: stores, beta } = api.client;
      const file_id = await fileOf(api, 'g.txt', 'Grapes are blue.');
      const assistant = await beta.assistants.create({
        model: api.model,
        tools: [{ type: 'file_search' }],
        tool_resources: { file_search: { vector_stores: [{ file_ids: [file_id], metadata: { a: 'b' } }] } },
      });
      const [made = ''] = assistant.tool_resources?.file_search?.vector_store_ids ?? [];
      const store = await stores.retrieve(made);
      assert.deepEqual([store.metadata, store.file_counts.total, store.expires_at], [{ a: 'b' }, 1, null]);

      const attach = (id: string) => ({
        role: 'user' as const,
        content: 'Look at this.',
        attachments: [{ file_id: id, tools: [{ type: 'file_search' as const }] }],
      });
      const thread = await beta.threads.create({ messages: [attach(file_id)] });
      const [own = ''] = thread.tool_resources?.file_search?.vector_store_ids ?? [];
      assert.deepEqual((await stores.retrieve(own)).expires_after, { anchor: 'last_active_at', days: 7 });
      const second = await fileOf(api, 'h.txt', 'Haws are red.');
      await beta.threads.messages.create(thread.id, attach(second));
      const now = await beta.threads.retrieve(thread.id);
      assert.deepEqual(now.tool_resources?.file_search?.vector_store_ids, [own]);
      assert.equal((await stores.retrieve(own)).file_counts.total, 2);
      const given = await beta.threads.update(thread.id, {
        tool_resources: { file_search: { vector_store_ids: [made] } },
      });
      assert.deepEqual(given.tool_resources?.file_search?.vector_store_ids, [made]);
      await beta.threads.update(thread.id, {
        tool_resources: { file_search: { vector_store_ids: [own] } },
      });
      await beta.threads.delete(thread.id);
      await assert.rejects(stores.retrieve(own), { status: 404 });
      await stores.retrieve(made);
    },
  },
];

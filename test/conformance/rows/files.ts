import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

import { toFile } from 'openai';

import type { Row } from '../scene/row.ts';

const MEBIBYTE = 1024 * 1024;

export const files: readonly Row[] = [
  {
    says: 'a file goes up, is described, comes down byte for byte, and is deleted',
    async run({ client: { files } }) {
      const bytes = randomBytes(MEBIBYTE + 1);
      const file = await files.create({
        file: await toFile(bytes, 'Größe 漢字 (1).bin'),
        purpose: 'assistants',
      });
      assert.match(file.id, /^file-/);
      assert.deepEqual(file, {
        id: file.id,
        object: 'file',
        bytes: bytes.length,
        created_at: file.created_at,
        filename: 'Größe 漢字 (1).bin',
        purpose: 'assistants',
        status: 'processed',
      });
      assert.deepEqual(await files.retrieve(file.id), file);
      const content = await files.content(file.id);
      assert.ok(Buffer.from(await content.arrayBuffer()).equals(bytes));
      assert.deepEqual(await files.delete(file.id), { id: file.id, object: 'file', deleted: true });
      await assert.rejects(files.retrieve(file.id), { status: 404 });
      await assert.rejects(files.content(file.id), { status: 404 });
      await assert.rejects(files.delete(file.id), { status: 404 });
    },
  },
  {
    says: 'files are listed by purpose, newest first',
    async run({ client: { files } }) {
      const create = async (purpose: 'assistants' | 'vision') =>
        files.create({ file: await toFile(Buffer.from('x'), 'x'), purpose });
      const picture = await create('vision');
      const text = await create('assistants');
      const other = await create('vision');
      assert.deepEqual((await files.list({ limit: 3 })).data, [other, text, picture]);
      assert.deepEqual((await files.list({ limit: 2, purpose: 'vision' })).data, [other, picture]);
      assert.deepEqual((await files.list({ order: 'asc', after: text.id })).data, [other]);
    },
  },
  {
    says: 'a file may say when it expires',
    async run({ client: { files } }) {
      const file = await files.create({
        file: await toFile(Buffer.from('x'), 'x'),
        purpose: 'user_data',
        expires_after: { anchor: 'created_at', seconds: 3600 },
      });
      assert.equal(file.expires_at, file.created_at + 3600);
    },
  },
  {
    says: 'an empty file is a file',
    async run({ client: { files } }) {
      const file = await files.create({
        file: await toFile(Buffer.alloc(0), 'e.txt'),
        purpose: 'assistants',
      });
      assert.equal(file.bytes, 0);
      assert.equal(await (await files.content(file.id)).text(), '');
    },
  },
  {
    says: 'an upload becomes a file, of its parts in the order asked for',
    async run({ client }) {
      const { uploads, files } = client;
      const parts = [randomBytes(100_000), randomBytes(1), randomBytes(50_000)];
      const whole = Buffer.concat(parts);
      const upload = await uploads.create({
        bytes: whole.length,
        filename: 'parts.bin',
        mime_type: 'application/octet-stream',
        purpose: 'assistants',
      });
      assert.match(upload.id, /^upload_/);
      assert.equal(upload.status, 'pending');
      assert.equal(upload.expires_at, upload.created_at + 3600);
      const ids: string[] = [];
      for (const part of parts.toReversed()) {
        const added = await uploads.parts.create(upload.id, { data: await toFile(part, 'part') });
        assert.equal(added.upload_id, upload.id);
        ids.unshift(added.id);
      }
      const md5 = createHash('md5').update(whole).digest('hex');
      const wrong = { part_ids: ids.toReversed(), md5 };
      await assert.rejects(uploads.complete(upload.id, wrong), { status: 400, param: 'md5' });
      await assert.rejects(uploads.complete(upload.id, { part_ids: ids.slice(1) }), { status: 400 });
      await assert.rejects(uploads.complete(upload.id, { part_ids: ['part_none'] }), { status: 404 });
      const completed = await uploads.complete(upload.id, { part_ids: ids, md5 });
      assert.deepEqual({ ...completed, file: null }, { ...upload, status: 'completed' });
      const content = await files.content(completed.file?.id ?? '');
      assert.ok(Buffer.from(await content.arrayBuffer()).equals(whole));
      assert.deepEqual(await files.retrieve(completed.file?.id ?? ''), completed.file);
      await assert.rejects(uploads.cancel(upload.id), { status: 400 });
    },
  },
  {
    says: 'a cancelled upload takes no more parts and becomes no file',
    async run({ client: { uploads } }) {
      const upload = await uploads.create({
        bytes: 1,
        filename: 'x',
        mime_type: 'text/plain',
        purpose: 'assistants',
      });
      const data = await toFile(Buffer.from('x'), 'x');
      const { id } = await uploads.parts.create(upload.id, { data });
      assert.deepEqual(await uploads.cancel(upload.id), { ...upload, status: 'cancelled' });
      await assert.rejects(uploads.parts.create(upload.id, { data }), { status: 400 });
      await assert.rejects(uploads.complete(upload.id, { part_ids: [id] }), { status: 400 });
    },
  },
];

export const models: readonly Row[] = [
  {
    says: 'models are listed and described; nobody deletes them',
    async run({ client: { models }, model }) {
      const listed = (await models.list()).data.find(({ id }) => id === model);
      assert.ok(listed, `${model} is not listed`);
      assert.deepEqual(await models.retrieve(model), listed);
      await assert.rejects(models.retrieve('no-such-model'), { status: 404, code: 'model_not_found' });
      await assert.rejects(models.delete(model), { status: 403 });
      assert.deepEqual(await models.retrieve(model), listed);
    },
  },
];

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import OpenAI, { toFile } from 'openai';

import { testApi } from '../support/api.ts';

/** As in Azure, where the host holds a whole body in memory before the app hears of it; smaller. */
const LIMIT = 100_000;

describe('a file that is too large for one request', { concurrency: true }, () => {
  it('is 413 in the words of the API, which name the way that is open; nothing of it is kept', async () => {
    await using api = await testApi({ MAX_DIRECT_UPLOAD_BYTES: String(LIMIT) });
    const client = api.client();
    for (const bytes of [LIMIT + 1, 3 * LIMIT]) {
      const file = await toFile(Buffer.alloc(bytes, 'x'), 'large.csv');
      await assert.rejects(client.files.create({ file, purpose: 'assistants' }), (error) => {
        assert.ok(error instanceof OpenAI.APIError, String(error));
        assert.equal(error.status, 413);
        assert.equal(error.type, 'invalid_request_error');
        assert.equal(error.param, 'file');
        assert.match(error.message, /POST \/uploads.*upload_file_chunked/);
        return true;
      });
    }
    assert.deepEqual((await client.files.list()).data, []);
  });

  it('goes up in parts, and is one file', async () => {
    await using api = await testApi({ MAX_DIRECT_UPLOAD_BYTES: String(LIMIT) });
    const client = api.client();
    const fits = await client.files.create({
      file: await toFile(Buffer.alloc(LIMIT, 'x'), 'fits.csv'),
      purpose: 'assistants',
    });
    assert.equal(fits.bytes, LIMIT);
    const content = Buffer.alloc(2 * LIMIT, 'y');
    const upload = await client.uploads.create({
      bytes: content.length,
      filename: 'large.csv',
      mime_type: 'text/csv',
      purpose: 'assistants',
    });
    const part_ids: string[] = [];
    for (let from = 0; from < content.length; from += LIMIT) {
      const data = await toFile(content.subarray(from, from + LIMIT), 'part');
      part_ids.push((await client.uploads.parts.create(upload.id, { data })).id);
    }
    const { file } = await client.uploads.complete(upload.id, { part_ids });
    const back = await (await client.files.content(file!.id)).arrayBuffer();
    assert.ok(Buffer.from(back).equals(content));
  });

  it('whose sender leaves in the middle is no file, and leaves no bytes that anybody reads', async () => {
    await using api = await testApi();
    const head =
      '--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nassistants\r\n' +
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n';
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent === 0) controller.enqueue(Buffer.from(head));
        else if (sent <= 10) controller.enqueue(Buffer.alloc(1024 ** 2, 'x'));
        else controller.error(new Error('left'));
        sent += 1;
      },
    });
    const headers = { authorization: 'Bearer KEY-A', 'content-type': 'multipart/form-data; boundary=b' };
    const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit;
    const answer = await api.fetch('http://api/v1/files', init).catch(() => undefined);
    assert.ok(answer === undefined || answer.status === 400, `${answer?.status}`);
    assert.ok(sent > 10, 'it was well under way');
    assert.deepEqual((await api.client().files.list()).data, []);
    const blobs = api.engine.services.account.container('files').listBlobsFlat();
    for await (const { name } of blobs) assert.fail(`${name} is left`);
  });

  it('says the other limit where that is the lower one', async () => {
    await using api = await testApi({ MAX_FILE_BYTES: String(LIMIT) });
    const file = await toFile(Buffer.alloc(LIMIT + 100_000, 'x'), 'large.csv');
    await assert.rejects(
      api.client().files.create({ file, purpose: 'assistants' }),
      /413 The file is too large: /,
    );
  });
});

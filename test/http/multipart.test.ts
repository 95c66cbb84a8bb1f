import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import { test } from 'node:test';

import type { ApiError } from '../../shared/api/error.ts';
import { createFile } from '../../shared/api/file.ts';
import { type FilePart, readForm } from '../../shared/http/multipart.ts';

const form = { file: 'file', fields: createFile };

/** A request whose body arrives in pieces of `size` bytes. */
function requestOf(body: Uint8Array, contentType: string, size = 65_536) {
  const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, index) =>
    body.subarray(index * size, (index + 1) * size),
  );
  return { headers: new Headers({ 'content-type': contentType }), body: ReadableStream.from(pieces) };
}

async function encode(data: FormData) {
  const response = new Response(data);
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    contentType: response.headers.get('content-type') ?? '',
  };
}

async function bytesOf(content: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Takes the bytes; what is committed shows in `committed`. */
function receiver() {
  const committed: { name: string; bytes: Buffer }[] = [];
  const receive = async (part: FilePart) => {
    const bytes = await bytesOf(part.content);
    committed.push({ name: part.filename, bytes });
    return bytes.length;
  };
  return { committed, receive };
}

function dataOf(parts: Record<string, string | [Uint8Array<ArrayBuffer>, string]>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, new File([value[0]], value[1]));
  }
  return data;
}

const content = new Uint8Array(Buffer.from('a,b\r\n1,2\r\n--not-a-boundary\r\n'.repeat(20_000)));

for (const [order, parts] of [
  ['before', { purpose: 'assistants', file: [content, 'data.csv'] }],
  ['after', { file: [content, 'data.csv'], purpose: 'assistants' }],
] as const) {
  for (const size of [1, 7, 65_536]) {
    test(`the fields may come ${order} the file, in pieces of ${size} bytes`, async () => {
      const small = size === 1 ? content.subarray(0, 2000) : content;
      const { bytes, contentType } = await encode(
        dataOf({ ...parts, file: [new Uint8Array(small), 'data.csv'] }),
      );
      const { committed, receive } = receiver();
      const { fields, received } = await readForm(requestOf(bytes, contentType, size), form, receive);
      assert.deepEqual(fields, { purpose: 'assistants' });
      assert.equal(received, small.length);
      assert.ok(committed[0]?.bytes.equals(Buffer.from(small)));
    });
  }
}

for (const name of [
  'Größe – übersicht 漢字 😀.csv',
  'with space.txt',
  'semi;colon,comma.txt',
  "o'clock.txt",
]) {
  test(`a file keeps its name: ${name}`, async () => {
    const { bytes, contentType } = await encode(dataOf({ purpose: 'vision', file: [content, name] }));
    const { committed, receive } = receiver();
    await readForm(requestOf(bytes, contentType), form, receive);
    assert.equal(committed[0]?.name, name);
  });
}

test('an expiry comes in bracketed fields', async () => {
  const data = dataOf({
    file: [content, 'a.txt'],
    purpose: 'assistants',
    'expires_after[anchor]': 'created_at',
    'expires_after[seconds]': '3600',
  });
  const { bytes, contentType } = await encode(data);
  const { fields } = await readForm(requestOf(bytes, contentType), form, receiver().receive);
  assert.deepEqual(fields, { purpose: 'assistants', expires_after: { anchor: 'created_at', seconds: 3600 } });
});

const file: [Uint8Array<ArrayBuffer>, string] = [content, 'a.txt'];
const broken: { says: string; parts: Parameters<typeof dataOf>[0]; message: string; param: string | null }[] =
  [
    {
      says: 'no file',
      parts: { purpose: 'assistants' },
      message: "Missing required parameter: 'file'.",
      param: 'file',
    },
    {
      says: 'no purpose',
      parts: { file },
      message: "Missing required parameter: 'purpose'.",
      param: 'purpose',
    },
    {
      says: 'an unknown purpose',
      parts: { file, purpose: 'fun' },
      message:
        "Invalid value: 'fun'. Supported values are: 'assistants', 'batch', 'fine-tune', 'vision', 'user_data', and 'evals'.",
      param: 'purpose',
    },
    {
      says: 'an unknown field',
      parts: { file, purpose: 'assistants', porpose: 'x' },
      message: "Unknown parameter: 'porpose'. Did you mean 'purpose'?",
      param: 'porpose',
    },
    {
      says: 'an unknown file',
      parts: { file, purpose: 'assistants', other: file },
      message: "Unknown parameter: 'other'.",
      param: 'other',
    },
    {
      says: 'an expiry without its anchor',
      parts: { file, purpose: 'assistants', 'expires_after[seconds]': '3600' },
      message: "Missing required parameter: 'expires_after.anchor'.",
      param: 'expires_after.anchor',
    },
    {
      says: 'an expiry that is no number',
      parts: {
        file,
        purpose: 'assistants',
        'expires_after[anchor]': 'created_at',
        'expires_after[seconds]': 'soon',
      },
      message: "Invalid type for 'expires_after.seconds': expected an integer, but got a string instead.",
      param: 'expires_after.seconds',
    },
  ];

for (const { says, parts, message, param } of broken) {
  test(`a form with ${says} is refused, and nothing of it is kept`, async () => {
    const { bytes, contentType } = await encode(dataOf(parts));
    const { committed, receive } = receiver();
    await assert.rejects(readForm(requestOf(bytes, contentType), form, receive), (error: ApiError) => {
      assert.deepEqual(
        { status: error.status, message: error.message, param: error.param },
        { status: 400, message, param },
      );
      return true;
    });
    assert.deepEqual(committed, []);
  });
}

test('two files are refused', async () => {
  const data = dataOf({ purpose: 'assistants', file });
  data.append('file', new File([content], 'b.txt'));
  const { bytes, contentType } = await encode(data);
  const { committed, receive } = receiver();
  await assert.rejects(readForm(requestOf(bytes, contentType), form, receive), {
    status: 400,
    param: 'file',
  });
  assert.deepEqual(committed, []);
});

test('a form cut short at any point is refused, and nothing of it is kept', async () => {
  const { bytes, contentType } = await encode(
    dataOf({ file: [new Uint8Array(content.subarray(0, 300)), 'a.txt'], purpose: 'assistants' }),
  );
  for (let length = 0; length < bytes.length - 4; length += 7) {
    const { committed, receive } = receiver();
    await assert.rejects(
      readForm(requestOf(bytes.subarray(0, length), contentType), form, receive),
      { status: 400 },
      `cut at ${length} of ${bytes.length}`,
    );
    assert.deepEqual(committed, [], `cut at ${length}`);
  }
});

for (const contentType of [
  '',
  'application/json',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'multipart/form-data; boundary=other',
]) {
  test(`a content type of '${contentType}' is refused`, async () => {
    const { bytes } = await encode(dataOf({ file, purpose: 'assistants' }));
    await assert.rejects(readForm(requestOf(bytes, contentType), form, receiver().receive), { status: 400 });
  });
}

test('a receiver that fails ends the request with its error, without reading the rest', async () => {
  const { bytes, contentType } = await encode(dataOf({ purpose: 'assistants', file }));
  let pulled = 0;
  const request = {
    headers: new Headers({ 'content-type': contentType }),
    body: new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulled === 0) controller.enqueue(bytes.subarray(0, 1000));
        else controller.enqueue(new Uint8Array(1000));
        pulled += 1;
      },
    }),
  };
  const failure = new Error('storage is down');
  await assert.rejects(
    readForm(request, form, async () => {
      throw failure;
    }),
    failure,
  );
  assert.ok(pulled < 1000);
});

test('memory does not grow with the file: the sender waits for the receiver', async () => {
  const head = Buffer.from(
    '--x\r\ncontent-disposition: form-data; name="file"; filename="big.bin"\r\ncontent-type: application/octet-stream\r\n\r\n',
  );
  let sent = 0;
  const request = {
    headers: new Headers({ 'content-type': 'multipart/form-data; boundary=x' }),
    body: new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(sent === 0 ? head : Buffer.alloc(65_536, sent));
        sent += 1;
      },
    }),
  };
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const reading = readForm(request, form, async () => {
    await held;
    throw new Error('enough');
  });
  const settled = assert.rejects(reading, /enough/);
  // The receiver reads nothing: once every buffer on the way is full, no more is pulled.
  for (let before = -1; before !== sent; ) {
    before = sent;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(sent < 32, `${sent} chunks of 64 KiB were pulled`);
  release();
  await settled;
});

for (const head of ['', 'content-type: text/plain\r\n', 'content-disposition: attachment\r\n']) {
  for (const length of [10, 65_536, 70_000, 3_000_000]) {
    test(`a part of ${length} bytes without a name ('${head.trim()}') is passed over`, async () => {
      const bytes = Buffer.from(
        `--x\r\n${head}\r\n${'y'.repeat(length)}\r\n` +
          '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n' +
          '--x\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--x--',
      );
      for (const size of [65_536, bytes.length]) {
        const { committed, receive } = receiver();
        await readForm(requestOf(bytes, 'multipart/form-data; boundary=x', size), form, receive);
        assert.equal(committed[0]?.bytes.toString(), 'abc');
      }
    });
  }
}

for (const [says, unit] of [
  ['before its first part', 'y'.repeat(65_536)],
  ['of a part without a name', `--x\r\n\r\n${'y'.repeat(65_000)}\r\n`],
  ['of a field', `--x\r\ncontent-disposition: form-data; name="purpose"\r\n\r\n${'y'.repeat(65_000)}`],
  ['of heads', `--x\r\n${'a: b\r\n'.repeat(10_000)}`],
  ['of parts without an end', '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(1000)],
] as const) {
  test(`a form that is endless ${says} is refused`, async () => {
    let pieces = 0;
    const request = {
      headers: new Headers({ 'content-type': 'multipart/form-data; boundary=x' }),
      body: new ReadableStream<Uint8Array>({
        pull(controller) {
          // Far beyond what is looked at, and no further, so that the test ends.
          if (pieces++ < 400) controller.enqueue(Buffer.from(unit));
          else controller.close();
        },
      }),
    };
    await assert.rejects(readForm(request, form, receiver().receive), { status: 400 });
    assert.ok(pieces < 300, `${pieces} pieces were read`);
  });
}

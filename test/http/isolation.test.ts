import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { toFile } from 'openai';
import { type OperationName, operations } from '../../shared/operations/all.ts';
import type { Operation } from '../../shared/operations/operation.ts';
import { handlers, testApi } from '../support/api.ts';
import { storageTraffic, writes } from '../support/storage-traffic.ts';
import { referenceFields } from './reference-fields.ts';

const api = await testApi();
after(() => api[Symbol.asyncDispose]());

type Ids = Readonly<Record<string, string>>;

/** Fresh objects of a project, by the path parameter that names them. The run waits for a function. */
async function objectsOf(key: string): Promise<Ids> {
  const client = api.client(key);
  const { assistants, threads } = client.beta;
  const file = { file: await toFile(Buffer.from('x'), 'x.txt'), purpose: 'assistants' } as const;
  const { id: file_id } = await client.files.create(file);
  const { id: assistant_id } = await assistants.create({
    model: 'scripted',
    tool_resources: { code_interpreter: { file_ids: [file_id] } },
  });
  const upload = { bytes: 1, filename: 'x', mime_type: 'x/y', purpose: 'assistants' } as const;
  api.engine.model.add({ toolCalls: [{ name: 'f', arguments: '{}', id: 'call_1' }] });
  const { id: run_id, thread_id } = await threads.createAndRun({
    assistant_id,
    tools: [{ type: 'function', function: { name: 'f' } }],
    thread: { messages: [{ role: 'user', content: 'x', attachments: [{ file_id, tools: [] }] }] },
  });
  const { vectorStores } = client;
  const { id: vector_store_id } = await vectorStores.create({ name: 'x' });
  const { id: batch_id } = await vectorStores.fileBatches.create(vector_store_id, { file_ids: [file_id] });
  await api.engine.pump();
  return {
    vector_store_id,
    batch_id,
    assistant_id,
    thread_id,
    run_id,
    message_id: (await threads.messages.list(thread_id)).data[0]?.id ?? '',
    step_id: (await threads.runs.steps.list(run_id, { thread_id })).data[0]?.id ?? '',
    file_id,
    upload_id: (await client.uploads.create(upload)).id,
  };
}

/** What the owner may send. */
const bodies: Partial<Record<OperationName, (ids: Ids) => object>> = {
  createMessage: () => ({ role: 'user', content: 'x' }),
  createRun: ({ assistant_id }) => ({ assistant_id }),
  submitToolOutputs: () => ({ tool_outputs: [{ tool_call_id: 'call_1', output: 'x' }] }),
  completeUpload: () => ({ part_ids: [] }),
  createAssistantFile: ({ file_id }) => ({ file_id }),
  createVectorStoreFile: ({ file_id }) => ({ file_id }),
  createVectorStoreFileBatch: ({ file_id }) => ({ file_ids: [file_id] }),
  updateVectorStoreFileAttributes: () => ({ attributes: {} }),
  searchVectorStore: () => ({ query: 'x' }),
};

/** Some operations are there only in the API's first version. */
const selecting = ({ only }: Operation) => (only ? { 'openai-beta': `assistants=${only}` } : {});

function send(name: OperationName, ids: Ids, key: string, query = ''): Promise<Response> {
  const operation: Operation = operations[name];
  const { method, path, form } = operation;
  const own = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => {
    assert.ok(ids[parameter], `nothing is made here for '${parameter}'`);
    return ids[parameter];
  });
  let body: string | FormData | null = null;
  if (form) {
    body = new FormData();
    body.append(form.file, new File(['x'], 'x'));
  } else if (method === 'POST') body = JSON.stringify(bodies[name]?.(ids) ?? {});
  return api.fetch(`http://api/v1${own}${query}`, {
    method,
    body,
    headers: { authorization: `Bearer ${key}`, ...selecting(operation) },
  });
}

const messageOf = async (answer: Response) =>
  ((await answer.json()) as { error?: { message: string } }).error?.message ?? '';

for (const [name, { path }] of Object.entries(operations) as [OperationName, Operation][]) {
  test(`${name} is done by a handler`, () => assert.equal(typeof handlers[name], 'function'));

  // Models belong to nobody.
  if (!path.includes('{') || path.includes('{model}')) continue;
  test(`${name} knows nothing of another project's objects, and does nothing to them`, async () => {
    const ids = await objectsOf('KEY-A');
    const { result, transactions } = await storageTraffic(() => send(name, ids, 'KEY-B'));
    assert.equal(result.status, 404);
    assert.match(
      await messageOf(result),
      /^No (assistant|thread|message|run|run step|file|upload|vector store|vector store file batch) found with id '[^']+'\.$/,
    );
    assert.deepEqual(writes(transactions), []);
    // The same request from the owner is not refused for what it names: the refusal was about the key.
    const owner = await send(name, ids, 'KEY-A');
    const isSound = owner.status < 404 || (await messageOf(owner)).startsWith('No events are kept');
    assert.ok(isSound, `${owner.status} for the owner`);
    if (!owner.bodyUsed) await owner.body?.cancel();
  });
}

test('every list refuses a cursor that marks no place in it', async () => {
  const ids = await objectsOf('KEY-A');
  const paged = Object.entries<Operation>(operations).filter(
    ([, { answer, query }]) => 'list' in answer && query !== undefined,
  );
  for (const [name, { query }] of paged) {
    for (const side of ['after', 'before']) {
      assert.ok(side in (query?.shape ?? {}), `${name} has no '${side}'`);
      // An id of ours of another kind, and one that nobody made.
      for (const cursor of [ids.upload_id, 'elsewhere-1']) {
        const answer = await send(name as OperationName, ids, 'KEY-A', `?${side}=${cursor}`);
        const { error } = (await answer.json()) as { error?: { param: string } };
        assert.deepEqual([answer.status, error?.param], [404, side], name);
      }
    }
  }
});

const message = { role: 'user', content: 'x' };
const content = (file_id: string) => [{ type: 'image_file', image_file: { file_id } }];
const attached = (file_id: string) => ({ ...message, attachments: [{ file_id, tools: [] }] });
const resources = (file_id: string) => ({ code_interpreter: { file_ids: [file_id] } });

/** The vector stores that a body's `tool_resources` name, and the files of one that it makes, with what is around. */
const stores = (around: (tool_resources: object, own: Ids) => object, prefix = '') => ({
  [`${prefix}tool_resources.file_search.vector_store_ids`]: ({ vector_store_id }: Ids, own: Ids) =>
    around({ file_search: { vector_store_ids: [vector_store_id] } }, own),
});
const newStores = (around: (tool_resources: object, own: Ids) => object, prefix = '') => ({
  ...stores(around, prefix),
  [`${prefix}tool_resources.file_search.vector_stores.file_ids`]: ({ file_id }: Ids, own: Ids) =>
    around({ file_search: { vector_stores: [{ file_ids: [file_id] }] } }, own),
});
const inThread = newStores(
  (tool_resources, { assistant_id }) => ({ assistant_id, thread: { tool_resources } }),
  'thread.',
);

/**
 * A body for every field of a request that names an object: built with the stranger's objects but for that field.
 * Fields are as in the schemas, without list positions.
 */
const references: Partial<
  Record<OperationName, Readonly<Record<string, (foreign: Ids, own: Ids) => object>>>
> = {
  createAssistant: {
    ...newStores((tool_resources) => ({ model: 'm', tool_resources })),
    'tool_resources.code_interpreter.file_ids': ({ file_id = '' }) => ({
      model: 'm',
      tool_resources: resources(file_id),
    }),
  },
  modifyAssistant: {
    ...stores((tool_resources) => ({ tool_resources })),
    'tool_resources.code_interpreter.file_ids': ({ file_id = '' }) => ({
      tool_resources: resources(file_id),
    }),
  },
  createAssistantFile: { file_id: ({ file_id = '' }) => ({ file_id }) },
  createThread: {
    ...newStores((tool_resources) => ({ tool_resources })),
    'tool_resources.code_interpreter.file_ids': ({ file_id = '' }) => ({
      tool_resources: resources(file_id),
    }),
    'messages.attachments.file_id': ({ file_id = '' }) => ({ messages: [message, attached(file_id)] }),
    'messages.content.image_file.file_id': ({ file_id = '' }) => ({
      messages: [{ ...message, content: content(file_id) }],
    }),
    'messages.file_ids': ({ file_id = '' }) => ({ messages: [{ ...message, file_ids: [file_id] }] }),
  },
  modifyThread: {
    ...stores((tool_resources) => ({ tool_resources })),
    'tool_resources.code_interpreter.file_ids': ({ file_id = '' }) => ({
      tool_resources: resources(file_id),
    }),
  },
  createMessage: {
    'attachments.file_id': ({ file_id = '' }) => attached(file_id),
    'content.image_file.file_id': ({ file_id = '' }) => ({ ...message, content: content(file_id) }),
    file_ids: ({ file_id = '' }) => ({ ...message, file_ids: [file_id] }),
  },
  createRun: {
    assistant_id: ({ assistant_id }) => ({ assistant_id }),
    'additional_messages.attachments.file_id': ({ file_id = '' }, { assistant_id }) => ({
      assistant_id,
      additional_messages: [attached(file_id)],
    }),
    'additional_messages.content.image_file.file_id': ({ file_id = '' }, { assistant_id }) => ({
      assistant_id,
      additional_messages: [{ ...message, content: content(file_id) }],
    }),
    'additional_messages.file_ids': ({ file_id = '' }, { assistant_id }) => ({
      assistant_id,
      additional_messages: [{ ...message, file_ids: [file_id] }],
    }),
  },
  createVectorStore: { file_ids: ({ file_id }) => ({ file_ids: [file_id] }) },
  createVectorStoreFile: { file_id: ({ file_id }) => ({ file_id }) },
  createVectorStoreFileBatch: {
    file_ids: ({ file_id }) => ({ file_ids: [file_id] }),
    'files.file_id': ({ file_id }) => ({ files: [{ file_id }] }),
  },
  createThreadAndRun: {
    ...stores((tool_resources, { assistant_id }) => ({ assistant_id, tool_resources })),
    ...inThread,
    assistant_id: ({ assistant_id }) => ({ assistant_id }),
    'tool_resources.code_interpreter.file_ids': ({ file_id = '' }, { assistant_id }) => ({
      assistant_id,
      tool_resources: resources(file_id),
    }),
    'thread.tool_resources.code_interpreter.file_ids': ({ file_id = '' }, { assistant_id }) => ({
      assistant_id,
      thread: { tool_resources: resources(file_id) },
    }),
    'thread.messages.attachments.file_id': ({ file_id = '' }, { assistant_id }) => ({
      assistant_id,
      thread: { messages: [attached(file_id)] },
    }),
    'thread.messages.content.image_file.file_id': ({ file_id = '' }, { assistant_id }) => ({
      assistant_id,
      thread: { messages: [{ ...message, content: content(file_id) }] },
    }),
    'thread.messages.file_ids': ({ file_id = '' }, { assistant_id }) => ({
      assistant_id,
      thread: { messages: [{ ...message, file_ids: [file_id] }] },
    }),
  },
};

test('every field of a request that names an object is covered here', () => {
  for (const [name, operation] of Object.entries(operations) as [OperationName, Operation][]) {
    if (!operation.body) continue;
    const covered = Object.keys(references[name] ?? {});
    assert.deepEqual(referenceFields(operation.body).toSorted(), covered.toSorted(), name);
  }
});

let foreign: Ids;
let own: Ids;
before(async () => {
  foreign = await objectsOf('KEY-A');
  own = await objectsOf('KEY-B');
});

for (const [name, fields] of Object.entries(references)) {
  for (const [field, body] of Object.entries(fields)) {
    test(`${name}: another project's object in '${field}' is unknown, and nothing is written`, async () => {
      const path = operations[name as OperationName].path.replaceAll(
        /\{(\w+)\}/g,
        (_, id: string) => own[id] ?? '',
      );
      const ask = (ids: Ids) =>
        storageTraffic(() =>
          api.fetch(`http://api/v1${path}`, {
            method: 'POST',
            body: JSON.stringify(body(ids, own)),
            headers: { authorization: 'Bearer KEY-B', ...selecting(operations[name as OperationName]) },
          }),
        );
      const { result, transactions } = await ask(foreign);
      assert.equal(result.status, 404);
      const { error } = (await result.json()) as { error: { param: string } };
      assert.equal(error.param.replaceAll(/\[\d+\]/g, ''), field);
      assert.deepEqual(writes(transactions), []);
      assert.notEqual((await ask(own)).result.status, 404);
    });
  }
}

test("lists hold the project's own objects alone, and their cursors know no others", async () => {
  const client = api.client('KEY-B');
  const listed = [
    ...(await client.beta.assistants.list({ limit: 100 })).data,
    ...(await client.files.list()).data,
  ].map(({ id }) => id);
  for (const id of Object.values(foreign)) assert.equal(listed.includes(id), false);
  for (const id of [own.assistant_id, own.file_id]) assert.ok(id && listed.includes(id));
  const threads = await send('listThreads', {}, 'KEY-B', '?limit=100');
  assert.doesNotMatch(await threads.text(), new RegExp(foreign.thread_id ?? ''));
  await assert.rejects(api.client('KEY-C').beta.assistants.list(), { status: 401 });
});

import assert from 'node:assert/strict';

import { toFile } from 'openai';
import { operations } from '../../../shared/operations/all.ts';
import type { Operation } from '../../../shared/operations/operation.ts';
import type { Api, RawRequest, Row } from '../scene/row.ts';
import { waitingRun } from '../scene/shared-objects.ts';

/** Objects of the first key, by the names of path parameters. */
async function objects(api: Api): Promise<Record<string, string>> {
  const { client, model } = api;
  const { run } = await waitingRun(api);
  const { thread_id } = run;
  const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id });
  const messages = await client.beta.threads.messages.list(thread_id);
  const file = await client.files.create({
    file: await toFile(Buffer.from('x'), 'x.txt'),
    purpose: 'assistants',
  });
  const upload = await client.uploads.create({
    bytes: 1,
    filename: 'x',
    mime_type: 'text/plain',
    purpose: 'assistants',
  });
  const store = await client.vectorStores.create({ file_ids: [file.id] });
  const batch = await client.vectorStores.fileBatches.create(store.id, { file_ids: [file.id] });
  const ids: Record<string, string | undefined> = {
    vector_store_id: store.id,
    batch_id: batch.id,
    thread_id,
    run_id: run.id,
    step_id: steps.data[0]?.id,
    message_id: messages.data[0]?.id,
    assistant_id: (await client.beta.assistants.create({ model })).id,
    file_id: file.id,
    upload_id: upload.id,
  };
  return ids as Record<string, string>;
}

/** What the owner could send. */
function bodyOf(name: string, { form }: Operation, assistant_id: string): RawRequest {
  if (form) {
    const body = new FormData();
    body.append(form.file, new File(['x'], 'x'));
    return { body };
  }
  const bodies: Record<string, object> = {
    createMessage: { role: 'user', content: 'x' },
    createRun: { assistant_id },
    submitToolOutputs: { tool_outputs: [] },
    createAssistantFile: { file_id: 'file-x' },
    completeUpload: { part_ids: [] },
    createVectorStoreFile: { file_id: 'file-x' },
    createVectorStoreFileBatch: { file_ids: ['file-x'] },
    updateVectorStoreFileAttributes: { attributes: {} },
    searchVectorStore: { query: 'x' },
  };
  return { body: bodies[name] ?? {} };
}

export const isolation: readonly Row[] = [
  {
    says: 'every operation is as blind to another project’s objects as to none',
    needs: ['second key'],
    async run(api) {
      const ids = await objects(api);
      const strangers = await api.stranger.beta.assistants.create({ model: api.model });
      for (const [name, operation] of Object.entries(operations) as [string, Operation][]) {
        if (!operation.path.includes('{') || operation.path.includes('{model}')) continue;
        const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => {
          assert.ok(ids[parameter], `${name}: nothing is made for ${parameter}`);
          return ids[parameter];
        });
        const request = operation.method === 'POST' ? bodyOf(name, operation, strangers.id) : {};
        const { status, body } = await api.send(operation.method, `/v1${path}`, {
          ...request,
          key: api.stranger.apiKey,
          ...(operation.only ? { headers: { 'openai-beta': `assistants=${operation.only}` } } : {}),
        });
        assert.equal(status, 404, name);
        assert.match(JSON.stringify(body), /No [a-z ]+ found with id/, name);
      }
      // The owner's objects took no harm.
      const { thread_id = '', run_id = '', file_id = '', assistant_id = '' } = ids;
      const { status } = await api.client.beta.threads.runs.retrieve(run_id, { thread_id });
      assert.equal(status, 'requires_action');
      await api.client.files.retrieve(file_id);
      await api.client.beta.assistants.retrieve(assistant_id);
      const listed = (await api.stranger.beta.assistants.list({ limit: 100 })).data.map(({ id }) => id);
      assert.equal(listed.includes(assistant_id), false);
    },
  },
];

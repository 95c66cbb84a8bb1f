import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { toFile } from 'openai';

import { testApi } from '../support/api.ts';
import { echo } from '../support/scripted-model.ts';

const api = await testApi();
after(() => api[Symbol.asyncDispose]());
const client = api.client();
const { assistants, threads } = client.beta;

/** Stored documents as a later version may have left them: each object has a field that this one does not know. */
async function plant(table: 'assistants' | 'threads' | 'files'): Promise<number> {
  const rows = api.engine.services.account.table(table);
  let planted = 0;
  for await (const entity of rows.listEntities<Record<string, string>>()) {
    const document = JSON.parse(entity.doc0 ?? 'null') as { object?: object } | null;
    if (!document?.object || typeof document.object !== 'object') continue;
    const changed = { ...document, object: { ...document.object, planted: 'secret' } };
    await rows.updateEntity({ ...entity, doc0: JSON.stringify(changed) } as never, 'Replace');
    planted += 1;
  }
  return planted;
}

test('a field of a stored document that this version does not know is shown to nobody, in no answer and no event', async () => {
  api.engine.model.respond(echo);
  const file = await client.files.create({
    file: await toFile(Buffer.from('a'), 'a.txt'),
    purpose: 'assistants',
  });
  const assistant = await assistants.create({ model: 'scripted' });
  const thread = await threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
  const run = await threads.runs.stream(thread.id, { assistant_id: assistant.id }).finalRun();
  const within = { thread_id: thread.id };
  const read = async () => ({
    assistant: await assistants.retrieve(assistant.id),
    assistants: (await assistants.list()).data,
    thread: await threads.retrieve(thread.id),
    messages: (await threads.messages.list(thread.id)).data,
    run: await threads.runs.retrieve(run.id, within),
    runs: (await threads.runs.list(thread.id)).data,
    steps: (await threads.runs.steps.list(run.id, within)).data,
    file: await client.files.retrieve(file.id),
    files: (await client.files.list()).data,
  });
  const before = await read();
  assert.ok((await plant('assistants')) >= 2);
  assert.ok((await plant('threads')) >= 5, 'thread, two messages, run, step');
  assert.ok((await plant('files')) >= 2);
  assert.deepEqual(await read(), before);
  const events = await api.fetch(`http://api/v1/threads/${thread.id}/runs/${run.id}/events`, {
    headers: { authorization: 'Bearer KEY-A' },
  });
  const told = await events.text();
  assert.match(told, /event: done/);
  assert.doesNotMatch(told, /planted/);
  const changed = await assistants.update(assistant.id, { name: 'changed' });
  assert.deepEqual(changed, { ...before.assistant, name: 'changed' });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testApi } from '../support/api.ts';
import { echo } from '../support/scripted-model.ts';

test('deleting another tenant’s thread is a 404, also while its run is under way, which ends as if nothing had been', async () => {
  await using api = await testApi();
  api.engine.model.respond(echo);
  const { assistants, threads } = api.client().beta;
  const assistant = await assistants.create({ model: 'scripted' });
  const thread = await threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
  const stream = await threads.runs.create(thread.id, { assistant_id: assistant.id, stream: true });
  let deletions = 0;
  let last = '';
  for await (const { event } of stream) {
    last = event;
    if (deletions >= 3) continue;
    await assert.rejects(api.client('KEY-B').beta.threads.delete(thread.id), { status: 404 });
    deletions += 1;
  }
  assert.deepEqual([deletions, last], [3, 'thread.run.completed']);
  assert.equal((await threads.messages.list(thread.id)).data.length, 2);
});

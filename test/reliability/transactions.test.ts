import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import { type TestApi, testApi } from '../support/api.ts';
import { testStorage } from '../support/azurite.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { startTestEmulator } from '../support/sessions.ts';

/** What a run asks of storage, each request with its reason. An idle poll of the queue is nobody's. */
type Budget = readonly (readonly [kind: string, what: string])[];

const create: Budget = [
  ['table get', 'the assistant'],
  ['table get', 'the thread and its lock'],
  ['queue put', 'the watchdog'],
  ['table transaction', 'run and lock'],
];
const byQueue: Budget = [
  ['queue put', 'the message that starts it'],
  ['queue receive', 'that message'],
  ['table get', 'the run'],
  ['table write', 'the claim'],
];
const ends: Budget = [
  ['table transaction', 'run, message, step and unlock'],
  ['queue delete', 'the watchdog'],
];
const prompt: Budget = [['table query', 'the messages of the thread']];

const plain: Budget = [...create, ...byQueue, ...prompt, ...ends, ['queue delete', 'the start message']];

const streamed: Budget = [
  ...create,
  ...prompt,
  ['table transaction', 'the message as it begins, so that its id leads somewhere'],
  ...ends,
  ['blob put', 'the event log'],
  ['blob append', 'its events, of 50 ms each'],
];

const code: Budget = [
  ...create,
  ...byQueue,
  ['table get', 'the session, while the model thinks'],
  ...prompt,
  ['table query', 'earlier tool calls of the thread'],
  ['table get', 'the files of /mnt/data'],
  ['table transaction', 'the model’s turn: run and step'],
  ['table transaction', 'the result: run, step and files'],
  ...ends,
  ['queue delete', 'the start message'],
];

/** Files may be deleted between runs: what the model is told of them, and linked to, is looked at again. */
const codeWithFiles: Budget = [
  ...code,
  ['table get', 'each file given to the code interpreter'],
  ['table query', 'files that code wrote, for each step that did'],
];

const sorted = (kinds: readonly string[]) => [...kinds].sort();

/** Once a second a worker looks whether its run was cancelled; on a busy machine a run takes longer. */
function withoutLooks(kinds: readonly string[], expected: readonly string[], tookMs: number): string[] {
  const gets = (all: readonly string[]) => all.filter((kind) => kind === 'table get');
  const looks = Math.min(Math.floor(tookMs / 1000), Math.max(0, gets(kinds).length - gets(expected).length));
  return sorted([...kinds.filter((kind) => kind !== 'table get'), ...gets(kinds).slice(looks)]);
}

describe('what a run asks of storage', () => {
  let proxy: FaultProxy;
  let arm: ArmEmulator;
  let api: TestApi;
  before(async () => {
    const storage = await testStorage();
    [proxy, arm] = await Promise.all([startFaultProxy(storage.connectionString), startTestEmulator()]);
    api = await testApi({
      AzureWebJobsStorage: proxy.connectionString,
      SESSION_ARM_ENDPOINT: arm.url,
      // No run takes so long that its lease is renewed, on a machine however busy.
      RUN_LEASE_SECONDS: '300',
    });
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await arm.stop();
    await proxy.stop();
  });

  const spent = () => proxy.requests.filter(({ idle }) => !idle).map(({ kind }) => kind);

  async function prepared(tools: { type: 'code_interpreter' }[] = [], file_ids: string[] = []) {
    const client = api.client();
    const assistant = await client.beta.assistants.create({
      model: 'scripted',
      tools,
      tool_resources: { code_interpreter: { file_ids } },
    });
    const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
    return { client, threadId: thread.id, assistant_id: assistant.id };
  }

  async function queued(
    { client, threadId, assistant_id }: Awaited<ReturnType<typeof prepared>>,
    expected: readonly (readonly [string, string])[] = [],
  ) {
    const since = performance.now();
    const { id } = await client.beta.threads.runs.create(threadId, { assistant_id });
    await api.engine.pump();
    const kinds = withoutLooks(
      spent(),
      expected.map(([kind]) => kind),
      performance.now() - since,
    );
    const run = await client.beta.threads.runs.retrieve(id, { thread_id: threadId });
    assert.equal(run.status, 'completed');
    return kinds;
  }

  it(`a plain run by the queue: ${plain.length} of at most 12`, async () => {
    const where = await prepared();
    api.engine.model.add({ text: 'answer' });
    proxy.requests.length = 0;
    const kinds = await queued(where, plain);
    assert.deepEqual(sorted(kinds), sorted(plain.map(([kind]) => kind)));
    assert.ok(kinds.length <= 12);
  });

  it(`a plain streamed run: ${streamed.length} of at most 12`, async () => {
    const { client, threadId, assistant_id } = await prepared();
    api.engine.model.add({ text: 'answer' });
    proxy.requests.length = 0;
    const since = performance.now();
    const stream = client.beta.threads.runs.stream(threadId, { assistant_id });
    const run = await stream.finalRun();
    assert.equal(run.status, 'completed');
    // The client has its last event before the log of events is closed and the watchdog is deleted.
    const kinds = await eventually('the deletion of the watchdog', () => {
      const all = spent();
      return all.includes('queue delete') && all;
    });
    const tookMs = performance.now() - since;
    const batches = 1 + Math.ceil(tookMs / 50);
    // A busy machine takes more than 50 ms for it, and the log is written that often.
    const appends = kinds.filter((kind) => kind === 'blob append').length;
    assert.ok(appends >= 1 && appends <= batches);
    const others = (all: readonly string[]) => sorted(all.filter((kind) => kind !== 'blob append'));
    const expected = streamed.map(([kind]) => kind);
    assert.deepEqual(others(withoutLooks(kinds, expected, tookMs)), others(expected));
    assert.ok(streamed.length <= 12);
  });

  it(`a run with one code call in a warm session: ${code.length} of at most 20`, async () => {
    const where = await prepared([{ type: 'code_interpreter' }]);
    const call = (text: string) => ({ toolCalls: [{ name: 'python', arguments: { code: text } }] });
    api.engine.model.add(call('print(1)'), { text: 'one' }, call('print(2)'), { text: 'two' });
    await queued(where);
    proxy.requests.length = 0;
    const kinds = await queued(where, code);
    assert.deepEqual(sorted(kinds), sorted(code.map(([kind]) => kind)));
    assert.ok(kinds.length <= 20);
    api.engine.model.assertDone();
  });

  it(`the same with a file given and a file written before: ${codeWithFiles.length} of at most 20`, async () => {
    const file = await api.client().files.create({ file: new File(['x'], 'x.csv'), purpose: 'assistants' });
    const where = await prepared([{ type: 'code_interpreter' }], [file.id]);
    const call = (text: string) => ({ toolCalls: [{ name: 'python', arguments: { code: text } }] });
    const write = call('open("/mnt/data/y.csv", "w").write("y")');
    api.engine.model.add(write, { text: 'one' }, call('print(2)'), { text: 'two' });
    await queued(where);
    proxy.requests.length = 0;
    const kinds = await queued(where, codeWithFiles);
    assert.deepEqual(sorted(kinds), sorted(codeWithFiles.map(([kind]) => kind)));
    assert.ok(kinds.length <= 20);
    api.engine.model.assertDone();
  });
});

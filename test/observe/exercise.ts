import assert from 'node:assert/strict';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import type { ScriptedModel } from '../support/scripted-model.ts';
import type { Turn } from '../support/scripted-turn.ts';
import { planted, printed } from './planted.ts';

type Run = OpenAI.Beta.Threads.Run;

/** The API under observation, wherever it runs. */
export interface Target {
  readonly client: OpenAI;
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  readonly model: ScriptedModel;
  readonly arm: ArmEmulator;
  /** Until the run ended or wants tool outputs. */
  settle(run: Run): Promise<Run>;
}

/** Takes an API through its ways, good and bad, with planted secrets in each place that can hold one. */
export async function exercise(target: Target): Promise<void> {
  const { client, model } = target;
  const file = await client.files.create({
    file: await toFile(Buffer.from(planted.fileContent), `${planted.fileName}.txt`),
    purpose: 'assistants',
  });
  assert.equal(await (await client.files.content(file.id)).text(), planted.fileContent);
  const assistant = await client.beta.assistants.create({
    model: 'scripted',
    instructions: planted.instructions,
    metadata: { note: planted.metadata },
    tools: [
      { type: 'code_interpreter' },
      { type: 'function', function: { name: 'ask', parameters: { type: 'object' } } },
    ],
    tool_resources: { code_interpreter: { file_ids: [file.id] } },
  });
  const thread = () =>
    client.beta.threads.create({ messages: [{ role: 'user', content: `Say ${planted.message}` }] });

  /** @returns the run as it came to rest */
  async function run(how: 'streamed' | 'queued', ...turns: readonly Turn[]): Promise<Run> {
    model.add(...turns);
    const { id } = await thread();
    const request = { assistant_id: assistant.id };
    if (how === 'queued') return target.settle(await client.beta.threads.runs.create(id, request));
    const stream = client.beta.threads.runs.stream(id, request);
    return client.beta.threads.runs.retrieve((await last(stream)).id, { thread_id: id });
  }
  const ends = async (status: Run['status'], run: Run) =>
    assert.equal(run.status, status, JSON.stringify(run.last_error));

  const answer = { text: `It is ${planted.answer}` };
  await ends('completed', await run('streamed', answer));
  await ends('completed', await run('queued', answer));
  const code = [
    `print('${planted.code}'[::-1])  # ${planted.code}`,
    `open('/mnt/data/made.txt', 'w').write(open('/mnt/data/${planted.fileName}.txt').read())`,
  ].join('\n');
  await ends('completed', await run('streamed', python(code), answer));
  const read = JSON.stringify(model.requests.at(-1)?.body.messages);
  assert.ok(read.includes(printed), 'the code ran, and the model read what it printed');
  const failing = `raise ValueError('${planted.exception}')`;
  await ends('completed', await run('queued', python(failing), answer));

  const asking = await run('queued', {
    toolCalls: [{ name: 'ask', arguments: { about: planted.argument }, id: 'call_1' }],
  });
  await ends('requires_action', asking);
  model.add(answer);
  const resumed = await client.beta.threads.runs.submitToolOutputs(asking.id, {
    thread_id: asking.thread_id,
    tool_outputs: [{ tool_call_id: 'call_1', output: planted.functionOutput }],
  });
  await ends('completed', await target.settle(resumed));

  for (const how of ['streamed', 'queued'] as const) {
    await ends('failed', await run(how, echoed(400)));
    await ends('completed', await run(how, echoed(429, { 'retry-after-ms': '1' }), answer));
    const garbage = { pieces: [{ raw: `data: {"planted": "${planted.message}\n\n` }], finish: null };
    await ends('completed', await run(how, garbage, answer));
    target.arm.fail({ kind: 'provisioning-failed' }, 2);
    await ends('completed', await run(how, python(code), answer));
    target.arm.clearFaults();
  }
  await search(target, file.id);
  await refusals(target, (await thread()).id);
}

/** A file that can be searched, one that cannot, and what is asked of them. */
async function search({ client: { vectorStores, files } }: Target, fileId: string): Promise<void> {
  const { id } = await vectorStores.create({
    name: planted.storeName,
    metadata: { note: planted.metadata },
    file_ids: [fileId],
  });
  const broken = await toFile(Buffer.from(planted.fileContent), `${planted.fileName}.pdf`);
  const { id: brokenId } = await files.create({ file: broken, purpose: 'assistants' });
  const attributes = { note: planted.attribute };
  await vectorStores.files.create(id, { file_id: brokenId, attributes });
  const filters = { type: 'eq', key: planted.attribute, value: planted.attribute } as const;
  await vectorStores.search(id, { query: planted.query, filters });
  await assert.rejects(
    vectorStores.search(id, { query: planted.query, [planted.refusedBody]: planted.query } as never),
    { status: 400 },
  );
  await vectorStores.files.update(brokenId, { vector_store_id: id, attributes: null });
  await vectorStores.files.delete(brokenId, { vector_store_id: id });
  await vectorStores.delete(id);
}

const python = (code: string): Turn => ({ toolCalls: [{ name: 'python', arguments: { code } }] });

/** A server that quotes what it refuses, the key included. */
const echoed = (status: number, headers: Record<string, string> = {}): Turn => {
  const message = `Refused "${planted.message}" after ${planted.instructions} of ${planted.modelKey}`;
  return { error: { status, headers, body: { error: { message, code: planted.message } } } };
};

async function last(stream: AsyncIterable<OpenAI.Beta.AssistantStreamEvent>): Promise<Run> {
  let run: Run | undefined;
  for await (const { event, data } of stream) if (/^thread\.run\.[a-z_]+$/.test(event)) run = data as Run;
  assert.ok(run, 'the stream told of no run');
  return run;
}

async function refusals({ baseUrl, fetch, client }: Target, threadId: string): Promise<void> {
  const call = async (path: string, status: number, init: RequestInit = {}, key: string = planted.key) => {
    const response = await fetch(`${baseUrl}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...init.headers },
    });
    assert.equal(response.status, status, await response.text());
  };
  const post = (body: string): RequestInit => ({ method: 'POST', body });
  const messages = `/threads/${threadId}/messages`;
  await call('/assistants', 401, {}, planted.wrongKey);
  await call(`/threads/${threadId}`, 404, {}, planted.otherKey);
  await call(`/${planted.refusedBody}?key=${planted.refusedBody}`, 404);
  await call(messages, 400, post(`{"role": "user", "content": ${planted.refusedBody}`));
  await call(messages, 400, post(JSON.stringify({ role: planted.refusedBody, content: 'x' })));
  await call(messages, 400, post(JSON.stringify({ role: 'user', content: 'x', [planted.refusedBody]: 1 })));
  await call(`/files/file-${planted.refusedBody}/content`, 404);
  await call('/files', 400, {
    ...post(planted.fileContent),
    headers: { 'content-type': 'multipart/form-data' },
  });
  await client.beta.threads.delete(threadId);
}

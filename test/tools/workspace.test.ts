import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import { type TestApi, testApi } from '../support/api.ts';
import type { Turn, TurnOf } from '../support/scripted-turn.ts';
import { startTestEmulator } from '../support/sessions.ts';

/** Which files the code and the model of a run have, when files come, change owners and go. */
describe('files in /mnt/data over several runs', () => {
  let arm: ArmEmulator;
  let api: TestApi;
  let client: OpenAI;
  before(async () => {
    arm = await startTestEmulator({ warm: 2 });
    api = await testApi({ SESSION_ARM_ENDPOINT: arm.url });
    client = api.client();
  });
  beforeEach(() => api.engine.model.reset());
  after(async () => {
    await api[Symbol.asyncDispose]();
    await arm.stop();
  });

  const python = (code: string): Turn => ({ toolCalls: [{ name: 'python', arguments: { code } }] });
  const LIST = python('import os; print(sorted(os.listdir("/mnt/data")))');
  const WRITE = python('open("/mnt/data/report.csv", "w").write("a,b\\n")');
  const LINK = { text: 'Here: sandbox:/mnt/data/report.csv' };

  const upload = async (name: string, text = name) =>
    (await client.files.create({ file: await toFile(Buffer.from(text), name), purpose: 'assistants' })).id;

  const assistant = async (file_ids: string[] = []) =>
    (
      await client.beta.assistants.create({
        model: 'scripted',
        tools: [{ type: 'code_interpreter' }],
        tool_resources: { code_interpreter: { file_ids } },
      })
    ).id;

  const aThread = async () =>
    (await client.beta.threads.create({ messages: [{ role: 'user', content: 'Go' }] })).id;

  /** Plays a run to its end: what the model was told of files first, what code printed, and to what the answer links. */
  async function play(thread_id: string, assistant_id: string, ...turns: (Turn | TurnOf)[]) {
    const { threads } = client.beta;
    const { model } = api.engine;
    const asked = model.requests.length;
    model.add(...turns);
    const { id } = await threads.runs.create(thread_id, { assistant_id });
    await api.engine.pump();
    const run = await threads.runs.retrieve(id, { thread_id });
    assert.equal(run.status, 'completed', run.last_error?.message);
    const told = String(model.requests[asked]?.body.messages[0]?.content);
    const steps = (await threads.runs.steps.list(id, { thread_id, order: 'asc' })).data;
    const printed = steps
      .flatMap(({ step_details: details }) => (details.type === 'tool_calls' ? details.tool_calls : []))
      .flatMap((call) => (call.type === 'code_interpreter' ? call.code_interpreter.outputs : []))
      .map((output) => (output.type === 'logs' ? output.logs : ''))
      .join('');
    const [part] = (await threads.messages.list(thread_id, { limit: 1 })).data[0]?.content ?? [];
    const links = (part?.type === 'text' ? part.text.annotations : []).map((annotation) =>
      annotation.type === 'file_path' ? annotation.file_path.file_id : '',
    );
    model.assertDone();
    return { told, printed, links };
  }

  /** The next call of the thread gets a session of its own. */
  async function loseSession(thread_id: string): Promise<void> {
    const session = await api.engine.services.stores.sessions.get(thread_id);
    assert.ok(session);
    await arm.vanish(session.record.group);
  }

  const textOf = async (id = '') => (await client.files.content(id)).text();

  it('a file that code wrote, deleted and written again, is another file with the same content', async () => {
    const [thread, writer] = [await aThread(), await assistant()];
    const first = await play(thread, writer, WRITE, LINK);
    const again = await play(thread, writer, WRITE, LINK);
    assert.deepEqual(again.links, first.links, 'the same content is the same file');
    await client.files.delete(first.links[0] ?? '');
    const { told, links } = await play(thread, writer, WRITE, LINK);
    assert.doesNotMatch(told, /report\.csv/);
    assert.notEqual(links[0], first.links[0]);
    assert.equal(await textOf(links[0]), 'a,b\n');
  });

  it('also when it is deleted in the middle of the run that writes it again', async () => {
    const [thread, writer] = [await aThread(), await assistant()];
    const [id = ''] = (await play(thread, writer, WRITE, LINK)).links;
    const { links } = await play(
      thread,
      writer,
      LIST,
      async () => {
        await client.files.delete(id);
        return WRITE;
      },
      LINK,
    );
    assert.notEqual(links[0], id);
    assert.equal(await textOf(links[0]), 'a,b\n');
  });

  it('one that was deleted is no longer told of, linked to, or put into a new session', async () => {
    const [thread, writer] = [await aThread(), await assistant()];
    const keep = python('open("/mnt/data/kept.csv", "w").write("x")');
    const [id = ''] = (await play(thread, writer, WRITE, keep, LINK)).links;
    await client.files.delete(id);
    await loseSession(thread);
    const { told, printed, links } = await play(thread, writer, LIST, LINK);
    assert.match(told, /Files written by earlier code, in \/mnt\/data: "kept\.csv"\./);
    assert.doesNotMatch(told, /report\.csv/);
    assert.equal(printed, "['kept.csv']\n");
    assert.deepEqual(links, []);
  });

  it("another assistant of the thread is not told of an assistant's files, nor has them in a new session", async () => {
    const secret = await upload('secret.csv');
    const [thread, owner, other] = [await aThread(), await assistant([secret]), await assistant()];
    assert.match((await play(thread, owner, LIST, LINK)).told, /secret\.csv/);
    await loseSession(thread);
    const { told, printed } = await play(thread, other, LIST, LINK);
    assert.doesNotMatch(told, /secret\.csv/);
    assert.equal(printed, '[]\n');
    assert.equal((await play(thread, owner, LIST, LINK)).printed, "['secret.csv']\n");
  });

  it('a file taken from its assistant, or deleted, is no longer told of', async () => {
    const [taken, deleted] = [await upload('taken.csv'), await upload('deleted.csv')];
    const [thread, owner] = [await aThread(), await assistant([taken, deleted])];
    assert.match((await play(thread, owner, LIST, LINK)).told, /taken\.csv", "deleted\.csv/);
    const code_interpreter = { file_ids: [deleted] };
    await client.beta.assistants.update(owner, { tool_resources: { code_interpreter } });
    await client.files.delete(deleted);
    await loseSession(thread);
    const { told, printed } = await play(thread, owner, LIST, LINK);
    assert.doesNotMatch(told, /taken|deleted/);
    assert.equal(printed, '[]\n');
  });

  it('a new file never takes the name under which a live session still has a deleted one', async () => {
    const [thread, owner] = [await aThread(), await assistant([await upload('data.csv', 'old data')])];
    const [report = ''] = (await play(thread, owner, WRITE, LINK)).links;
    const file_ids = [await upload('data.csv', 'new data'), await upload('report.csv', 'new report')];
    await client.files.delete(report);
    await client.beta.assistants.update(owner, { tool_resources: { code_interpreter: { file_ids: [] } } });
    await play(thread, owner, LIST, LINK);
    await client.beta.assistants.update(owner, { tool_resources: { code_interpreter: { file_ids } } });
    const read = python(
      'for name in ["data (2).csv", "report (2).csv"]: print(open("/mnt/data/" + name).read())',
    );
    const { told, printed } = await play(thread, owner, read, LINK);
    assert.match(told, /uploaded by the user, in \/mnt\/data: "data \(2\)\.csv", "report \(2\)\.csv"\./);
    assert.equal(printed, 'new data\nnew report\n');
  });
});

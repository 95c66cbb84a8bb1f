import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import { type Stack, startStack } from '../support/stack.ts';

/** The official client against a real host, a real queue and real Python: what the README promises. */
describe('the code interpreter, from the official client to Python and back', () => {
  let stack: Stack;
  let client: OpenAI;
  before(async () => {
    stack = await startStack();
    client = stack.client();
  });
  after(async () => {
    await stack?.[Symbol.asyncDispose]();
  });

  const python = (code: string) => ({ toolCalls: [{ name: 'python', arguments: { code } }] });
  const assistant = (files: string[] = []) =>
    client.beta.assistants.create({
      model: 'scripted',
      tools: [{ type: 'code_interpreter' }],
      tool_resources: { code_interpreter: { file_ids: files } },
    });
  const say = (content: string) => client.beta.threads.create({ messages: [{ role: 'user', content }] });
  const puts = () => stack.arm.requests.filter(({ method }) => method === 'PUT').length;

  async function newestMessage(threadId: string) {
    return (await client.beta.threads.messages.list(threadId, { limit: 1 })).data[0]!;
  }

  async function logsOf(run: { id: string; thread_id: string }): Promise<string> {
    const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id: run.thread_id });
    return steps.data
      .flatMap(({ step_details: details }) => (details.type === 'tool_calls' ? details.tool_calls : []))
      .flatMap((call) => (call.type === 'code_interpreter' ? call.code_interpreter.outputs : []))
      .map((output) => (output.type === 'logs' ? output.logs : ''))
      .join('');
  }

  it('draws a figure that the Files API gives out', async () => {
    stack.model.add(
      python('import matplotlib.pyplot as plt\nplt.plot([1, 2, 4])\nplt.show()\nprint("drawn")'),
      { text: 'Here it is.' },
    );
    const { id: assistant_id } = await assistant();
    const { id } = await say('Draw');
    const run = await client.beta.threads.runs.createAndPoll(id, { assistant_id });
    assert.equal(run.status, 'completed', JSON.stringify(run.last_error));
    const { content } = await newestMessage(id);
    assert.deepEqual(
      content.map(({ type }) => type),
      ['image_file', 'text'],
    );
    assert.equal(content[0]?.type, 'image_file');
    const fileId = content[0].image_file.file_id;
    const image = Buffer.from(await (await client.files.content(fileId)).arrayBuffer());
    assert.equal(image.subarray(1, 4).toString(), 'PNG');
    assert.ok(image.length > 5000);
    const file = await client.files.retrieve(fileId);
    assert.deepEqual([file.purpose, file.bytes], ['assistants_output', image.length]);
    assert.equal(await logsOf(run), 'drawn\n');
  });

  it('reads an uploaded CSV with pandas, and gives out a CSV byte for byte through its file_path', async () => {
    const csv = 'name,amount\nä,1\nb,41\n';
    const upload = await client.files.create({
      file: await toFile(Buffer.from(csv), 'data.csv'),
      purpose: 'assistants',
    });
    const code = [
      'import pandas as pd',
      'table = pd.read_csv("/mnt/data/data.csv")',
      'print(table.amount.sum())',
      'table.assign(double=table.amount * 2).to_csv("/mnt/data/doubled.csv", index=False)',
    ].join('\n');
    const text = 'Download [the table](sandbox:/mnt/data/doubled.csv).';
    stack.model.add(python(code), { text });
    const { id: assistant_id } = await assistant();
    const { id } = await client.beta.threads.create({
      messages: [
        {
          role: 'user',
          content: 'Double it',
          attachments: [{ file_id: upload.id, tools: [{ type: 'code_interpreter' }] }],
        },
      ],
    });
    const run = await client.beta.threads.runs.createAndPoll(id, { assistant_id });
    assert.equal(await logsOf(run), '42\n');
    const message = await newestMessage(id);
    const [part] = message.content;
    assert.equal(part?.type, 'text');
    const [annotation] = part.text.annotations;
    assert.equal(annotation?.type, 'file_path');
    const { start_index: start, end_index: end } = annotation;
    assert.deepEqual(
      [annotation.text, part.text.value.slice(start, end)],
      ['sandbox:/mnt/data/doubled.csv', annotation.text],
    );
    const { file_id } = annotation.file_path;
    assert.deepEqual(message.attachments, [{ file_id, tools: [{ type: 'code_interpreter' }] }]);
    const download = await (await client.files.content(file_id)).text();
    assert.equal(download, 'name,amount,double\nä,1,2\nb,41,82\n');
    const told = JSON.stringify(stack.model.requests.at(-2)?.body.messages[0]);
    assert.match(told, /data\.csv/);
  });

  it('gives the assistant’s and the thread’s files to the code, too', async () => {
    const file = async (name: string) =>
      (await client.files.create({ file: await toFile(Buffer.from(name), name), purpose: 'assistants' })).id;
    stack.model.add(python('import os; print(sorted(os.listdir("/mnt/data")))'), { text: 'ok' });
    const { id: assistant_id } = await assistant([await file('a.txt')]);
    const { id } = await client.beta.threads.create({
      messages: [{ role: 'user', content: 'ls' }],
      tool_resources: { code_interpreter: { file_ids: [await file('b.txt')] } },
    });
    const run = await client.beta.threads.runs.createAndPoll(id, { assistant_id });
    assert.equal(await logsOf(run), "['a.txt', 'b.txt']\n");
  });

  it('keeps one session per thread: created once through ARM, shared by runs, closed to other threads', async () => {
    const { id: assistant_id } = await assistant();
    const [one, other] = [await say('one'), await say('other')];
    const before = puts();
    stack.model.add(python('secret = 1234\nopen("/mnt/data/mine.txt", "w").write("x")'), { text: 'kept' });
    await client.beta.threads.runs.createAndPoll(one.id, { assistant_id });
    assert.equal(puts(), before + 1, 'the container group was created through ARM');

    await client.beta.threads.messages.create(one.id, { role: 'user', content: 'again' });
    stack.model.add(python('print(secret)'), { text: 'read' });
    const again = await client.beta.threads.runs.createAndPoll(one.id, { assistant_id });
    assert.equal(await logsOf(again), '1234\n');
    assert.equal(puts(), before + 1, 'the second run of the thread uses the same session');

    stack.model.add(python('import os; print(os.listdir("/mnt/data"), "secret" in globals())'), {
      text: 'looked',
    });
    const foreign = await client.beta.threads.runs.createAndPoll(other.id, { assistant_id });
    assert.equal(await logsOf(foreign), '[] False\n');
    assert.equal(puts(), before + 2);
  });

  it('runs code by whatever name the model calls it, and puts the figure into the next message', async () => {
    const code = 'import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()';
    const call = { index: 0, id: 'call_1', function: { name: 'code_interpreter', arguments: '' } };
    const pieces = [
      'Let me draw.',
      { delta: { tool_calls: [call] } },
      { delta: { tool_calls: [{ index: 0, function: { arguments: JSON.stringify({ code }) } }] } },
      'Here it comes.',
    ];
    stack.model.add({ pieces, finish: 'tool_calls' }, { text: 'There.' });
    const { id: assistant_id } = await assistant();
    const { id } = await say('draw');
    const run = await client.beta.threads.runs.createAndPoll(id, { assistant_id });
    assert.equal(run.status, 'completed', JSON.stringify(run.last_error));
    const { data } = await client.beta.threads.messages.list(id, { order: 'asc', run_id: run.id });
    assert.deepEqual(
      data.map(({ content }) => content.map((part) => (part.type === 'text' ? part.text.value : part.type))),
      [['Let me draw.'], ['Here it comes.'], ['image_file', 'There.']],
    );
  });

  it('hands a traceback to the model, which tries again', async () => {
    const { id: assistant_id } = await assistant();
    const { id } = await say('divide');
    stack.model.add(python('1/0'), python('print("better")'), { text: 'done' });
    const run = await client.beta.threads.runs.createAndPoll(id, { assistant_id });
    assert.equal(run.status, 'completed');
    assert.match(JSON.stringify(stack.model.requests.at(-2)?.body.messages), /ZeroDivisionError/);
    assert.match(await logsOf(run), /better/);
  });

  it('says what is wrong when no session can be had, and the run still ends', async () => {
    const { id: assistant_id } = await assistant();
    const { id } = await say('run');
    stack.arm.fail({ kind: 'provisioning-failed' }, 2);
    stack.model.add(python('print(1)'), { text: 'No Python today.' });
    const run = await client.beta.threads.runs.createAndPoll(id, { assistant_id });
    stack.arm.clearFaults();
    assert.equal(run.status, 'completed');
    const output = stack.model.requests.at(-1)?.body.messages.at(-1);
    assert.match(JSON.stringify(output), /The code was not run/);
  });
});

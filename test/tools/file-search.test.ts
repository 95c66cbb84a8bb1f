import assert from 'node:assert/strict';
import { after, before, describe, it, test } from 'node:test';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import { FileSearchTool } from '../../shared/tools/file-search.ts';
import { type TestApi, testApi } from '../support/api.ts';
import { quietLog } from '../support/engine.ts';

type Run = OpenAI.Beta.Threads.Run;
type Step = OpenAI.Beta.Threads.Runs.RunStep;

const HANDBOOK = 'The heater is drained before winter. Its error code E-417 means that the valve is stuck.';
const PRICES = 'A new valve costs 39 euros. Delivery takes four days.';

describe('the tool file_search', () => {
  let api: TestApi;
  let client: OpenAI;
  let storeId: string;
  let handbook: string;
  before(async () => {
    api = await testApi();
    client = api.client();
    handbook = await upload(HANDBOOK, 'handbook.md');
    const store = await client.vectorStores.create({
      file_ids: [handbook, await upload(PRICES, 'prices.txt')],
    });
    storeId = store.id;
    await api.engine.pump();
  });
  after(() => api[Symbol.asyncDispose]());

  const upload = async (text: string, name: string) =>
    (await client.files.create({ file: await toFile(Buffer.from(text), name), purpose: 'assistants' })).id;
  const assistant = async (more: Partial<OpenAI.Beta.AssistantCreateParams> = {}) =>
    (
      await client.beta.assistants.create({
        model: 'scripted',
        tools: [{ type: 'file_search' }],
        tool_resources: { file_search: { vector_store_ids: [storeId] } },
        ...more,
      })
    ).id;
  const ask = async (
    text: string,
    {
      assistant_id,
      ...more
    }: Partial<OpenAI.Beta.Threads.RunCreateParamsNonStreaming> & { thread_id?: string } = {},
  ): Promise<Run> => {
    const thread_id = more.thread_id ?? (await client.beta.threads.create()).id;
    await client.beta.threads.messages.create(thread_id, { role: 'user', content: text });
    const { thread_id: _, ...request } = more;
    const run = await client.beta.threads.runs.create(thread_id, {
      assistant_id: assistant_id ?? (await assistant()),
      ...request,
    });
    // What waits for an index must not keep others from making it.
    await Promise.all([api.engine.pump(), api.engine.pump()]);
    return client.beta.threads.runs.retrieve(run.id, { thread_id });
  };
  const search = (...queries: string[]) => ({ toolCalls: [{ name: 'file_search', arguments: { queries } }] });
  const stepsOf = async ({ thread_id, id }: Run, include = false) =>
    (
      await client.beta.threads.runs.steps.list(id, {
        thread_id,
        order: 'asc',
        ...(include ? { include: ['step_details.tool_calls[*].file_search.results[*].content'] } : {}),
      })
    ).data;
  const searchIn = (step: Step | undefined) => {
    const call = step?.step_details.type === 'tool_calls' ? step.step_details.tool_calls[0] : undefined;
    assert.equal(call?.type, 'file_search');
    return call.file_search;
  };
  const answerOf = async ({ thread_id }: Run) => {
    const { data } = await client.beta.threads.messages.list(thread_id, { limit: 1 });
    const [part] = data[0]?.content ?? [];
    assert.equal(part?.type, 'text');
    return part.text;
  };
  const lastRequest = () => api.engine.model.requests.at(-1)?.body;

  it('is offered, searches, tells the model, and cites what the model marks', async () => {
    api.engine.model.add(search('error E-417', 'price of a valve'), {
      text: ['The valve is stuck 【0:0†hand', 'book.md】, and a new one costs 39 euros 【0:1†prices.txt】.'],
    });
    const run = await ask('What is E-417?');
    assert.equal(run.status, 'completed');
    const [tool] = api.engine.model.requests.at(-2)?.body.tools ?? [];
    assert.deepEqual(tool?.type === 'function' && [tool.function.name, tool.function.parameters?.required], [
      'file_search',
      ['queries'],
    ]);
    const told = lastRequest()?.messages.at(-1);
    assert.equal(told?.role, 'tool');
    assert.match(
      String(told?.content),
      /【0:0†handbook\.md】\nThe heater is drained[\s\S]*【0:1†prices\.txt】\nA new valve/,
    );
    assert.match(String(lastRequest()?.messages[0]?.content), /marker/);

    const { value, annotations } = await answerOf(run);
    assert.match(value, /【0:0†handbook\.md】/);
    assert.deepEqual(annotations, [
      {
        type: 'file_citation',
        text: '【0:0†handbook.md】',
        start_index: value.indexOf('【0:0'),
        end_index: value.indexOf('】') + 1,
        file_citation: { file_id: handbook },
      },
      { ...annotations[1], text: '【0:1†prices.txt】' },
    ]);
  });

  it('keeps what it found in its step, and shows the passages to those who ask for them', async () => {
    api.engine.model.add(search('error E-417'), { text: 'It is the valve.' });
    const run = await ask('What is E-417?');
    const [step] = await stepsOf(run);
    const { ranking_options: options, results } = searchIn(step);
    assert.deepEqual(options, { ranker: 'default_2024_08_21', score_threshold: 0 });
    assert.deepEqual(
      results?.map(({ file_name }) => file_name),
      ['handbook.md', 'prices.txt'],
    );
    assert.ok(results?.every((result) => result.score >= 0 && result.score <= 1 && !('content' in result)));
    const [whole] = await stepsOf(run, true);
    assert.deepEqual(searchIn(whole).results?.[0]?.content, [{ type: 'text', text: HANDBOOK }]);
    const one = await client.beta.threads.runs.steps.retrieve(step!.id, {
      thread_id: run.thread_id,
      run_id: run.id,
    });
    assert.equal(searchIn(one).results?.[0]?.content, undefined);
    assert.deepEqual((await answerOf(run)).annotations, [], 'an answer without markers cites nothing');
  });

  it('takes its options from the assistant, and fewer results for models that read little', async () => {
    const many = await client.vectorStores.create({
      file_ids: await Promise.all(
        Array.from({ length: 24 }, (_, i) => upload(`valve number ${i}`, `v${i}.txt`)),
      ),
    });
    await api.engine.pump();
    const tool_resources = { file_search: { vector_store_ids: [many.id] } };
    const found = async (tool: OpenAI.Beta.FileSearchTool, model = 'scripted') => {
      api.engine.model.add(search('valve'), { text: 'ok' });
      const run = await ask('?', { assistant_id: await assistant({ tools: [tool], tool_resources, model }) });
      return searchIn((await stepsOf(run))[0]);
    };
    assert.equal((await found({ type: 'file_search' })).results?.length, 20);
    assert.equal((await found({ type: 'file_search' }, 'gpt-3.5-turbo')).results?.length, 5);
    const three = await found({ type: 'file_search', file_search: { max_num_results: 3 } });
    assert.equal(three.results?.length, 3);
    const strict = { ranker: 'auto' as const, score_threshold: 0.99 };
    const none = await found({ type: 'file_search', file_search: { ranking_options: strict } });
    assert.deepEqual(none.ranking_options, { ranker: 'default_2024_08_21', score_threshold: 0.99 });
    assert.deepEqual(none.results, []);
  });

  it('can be forced, once', async () => {
    api.engine.model.add(search('valve'), { text: 'done' });
    const run = await ask('Hello', { tool_choice: { type: 'file_search' } });
    assert.equal(run.status, 'completed');
    const [first, second] = api.engine.model.requests.slice(-2);
    assert.deepEqual(first?.body.tool_choice, { type: 'function', function: { name: 'file_search' } });
    assert.equal(second?.body.tool_choice, undefined);
  });

  it('is called beside a function in one turn: the caller is asked when it has searched', async () => {
    const f = { type: 'function' as const, function: { name: 'f' } };
    const assistant_id = await assistant({ tools: [{ type: 'file_search' }, f] });
    const [call] = search('valve').toolCalls;
    api.engine.model.add(
      {
        toolCalls: [
          { name: 'f', arguments: '{}', id: 'call_f' },
          call!,
          { ...call!, arguments: { queries: ['E-417'] } },
        ],
      },
      { text: 'Both 【0:0†prices.txt】 and 【1:0†handbook.md】.' },
    );
    const waiting = await ask('?', { assistant_id });
    assert.equal(waiting.status, 'requires_action');
    assert.deepEqual(
      waiting.required_action?.submit_tool_outputs.tool_calls.map(({ id }) => id),
      ['call_f'],
    );
    const { thread_id } = waiting;
    await client.beta.threads.runs.submitToolOutputs(waiting.id, {
      thread_id,
      tool_outputs: [{ tool_call_id: 'call_f', output: '42' }],
    });
    await api.engine.pump();
    const roles = lastRequest()
      ?.messages.slice(-4)
      .map(({ role }) => role);
    assert.deepEqual(roles, ['assistant', 'tool', 'tool', 'tool']);
    const { annotations } = await answerOf(waiting);
    assert.deepEqual(
      annotations.map(({ text }) => text),
      ['【0:0†prices.txt】', '【1:0†handbook.md】'],
    );
  });

  it('leaves its name to a function of the caller', async () => {
    const own = { type: 'function' as const, function: { name: 'file_search' } };
    api.engine.model.add(
      { toolCalls: [{ name: 'hourglass_file_search', arguments: '{"query": "valve"}' }] },
      { text: 'x' },
    );
    const run = await ask('?', { assistant_id: await assistant({ tools: [own, { type: 'file_search' }] }) });
    assert.equal(searchIn((await stepsOf(run))[0]).results?.length, 2);
  });

  it('searches for what the model writes, be it no proper JSON, and finds nothing without failing', async () => {
    for (const text of [
      '"error E-417"',
      '{"queries": ["error E-4',
      '{}',
      '',
      '{"queries": []}',
      '{"q": 417}',
    ]) {
      api.engine.model.add({ toolCalls: [{ name: 'file_search', arguments: text }] }, { text: 'ok' });
      assert.equal((await ask('?')).status, 'completed', text);
    }
    const gone = await client.vectorStores.create({});
    const assistant_id = await assistant({
      tool_resources: { file_search: { vector_store_ids: [gone.id] } },
    });
    await client.vectorStores.delete(gone.id);
    api.engine.model.add(search('valve'), { text: 'I found nothing.' });
    const run = await ask('?', { assistant_id });
    assert.equal(run.status, 'completed');
    assert.match(String(lastRequest()?.messages.at(-1)?.content), /Nothing was found/);
    assert.deepEqual(searchIn((await stepsOf(run))[0]).results, []);
  });

  it('searches what was attached to the thread as well, and waits for it', async () => {
    const assistant_id = await assistant();
    const { id: thread_id } = await client.beta.threads.create();
    const file_id = await upload('The cat of the caretaker is called Mimi.', 'cats.md');
    await client.beta.threads.messages.create(thread_id, {
      role: 'user',
      content: 'Look at this',
      attachments: [{ file_id, tools: [{ type: 'file_search' }] }],
    });
    api.engine.model.add(search('name of the cat'), { text: 'Mimi 【0:0†cats.md】.' });
    const run = await ask('Who is Mimi?', { thread_id, assistant_id });
    assert.equal(run.status, 'completed');
    assert.deepEqual(
      (await answerOf(run)).annotations.map((note) => note.type === 'file_citation' && note.file_citation),
      [{ file_id }],
    );
  });

  it('numbers its searches through the thread: an old marker keeps its meaning, and old passages are not paid for again', async () => {
    const assistant_id = await assistant();
    api.engine.model.add(search('E-417'), { text: 'The valve 【0:0†handbook.md】.' });
    const { thread_id } = await ask('What is E-417?', { assistant_id });
    api.engine.model.add(search('price of a new valve'), {
      text: 'It costs 39 euros 【1:0†prices.txt】; as I said 【0:0†handbook.md】. Never 【7:7†unknown.md】.',
    });
    const run = await ask('And its price?', { assistant_id, thread_id });
    const { annotations } = await answerOf(run);
    assert.deepEqual(
      annotations.map(({ text }) => text),
      ['【1:0†prices.txt】', '【0:0†handbook.md】'],
    );
    const told = lastRequest()?.messages.filter(({ role }) => role === 'tool');
    assert.match(String(told?.[0]?.content), /not repeated/);
    assert.match(String(told?.[1]?.content), /【1:0†prices\.txt】/);
    const calls = lastRequest()?.messages.flatMap((message) =>
      'tool_calls' in message ? (message.tool_calls ?? []) : [],
    );
    assert.deepEqual(
      calls?.map((call) => call.type === 'function' && call.function.arguments),
      ['{"queries":["E-417"]}', '{"queries":["price of a new valve"]}'],
    );
  });

  it('streams markers whole, each with its citation right behind it, as the stored message has them', async () => {
    const assistant_id = await assistant();
    const { id: thread_id } = await client.beta.threads.create({
      messages: [{ role: 'user', content: 'E-417?' }],
    });
    api.engine.model.add(search('E-417'), {
      text: [
        'It is 😀 stuck 【',
        '0:',
        '0†handbook',
        '.md】. A price [',
        'list](x) 【注',
        '意】 【9:9†x】 too 【0:1†prices.txt】!【',
      ],
    });
    const stream = client.beta.threads.runs.stream(thread_id, {
      assistant_id,
      include: ['step_details.tool_calls[*].file_search.results[*].content'],
    } as never);
    const pieces: string[] = [];
    const contents: unknown[] = [];
    stream.on('event', ({ event, data }) => {
      if (event === 'thread.message.delta') {
        for (const part of data.delta.content ?? []) {
          if (part.type !== 'text') continue;
          if (part.text?.value) pieces.push(part.text.value);
          for (const note of part.text?.annotations ?? []) pieces.push(`#${note.index}`);
        }
      }
      if (event === 'thread.run.step.completed' && data.type === 'tool_calls')
        contents.push(searchIn(data).results?.[0]?.content);
    });
    const messages = await stream.finalMessages();
    assert.ok(pieces.includes('【0:0†handbook.md】'));
    assert.equal(pieces[pieces.indexOf('【0:0†handbook.md】') + 1], '#0');
    assert.equal(pieces[pieces.indexOf('【0:1†prices.txt】') + 1], '#1');
    assert.ok(!pieces.some((piece) => /【[^】]*$/.test(piece) && piece.length > 1), 'no marker is cut');
    assert.equal(contents.length, 1, 'asked for by include[]');
    const [part] = messages[0]?.content ?? [];
    assert.equal(part?.type, 'text');
    const { data } = await client.beta.threads.messages.list(thread_id, { limit: 1 });
    assert.deepEqual(part, data[0]?.content[0]);
    assert.equal(pieces.filter((piece) => !piece.startsWith('#')).join(''), part.text.value);
    for (const { text, start_index, end_index } of part.text.annotations) {
      assert.equal([...part.text.value].slice(start_index, end_index).join(''), text);
    }
  });

  it('is `retrieval` in the words of v1, with the quote of what is cited', async () => {
    const v1 = { headers: { 'OpenAI-Beta': 'assistants=v1' } };
    api.engine.model.add(search('E-417'), { text: 'The valve 【0:0†handbook.md】.' });
    const run = await ask('What is E-417?');
    const { thread_id } = run;
    const { data } = await client.beta.threads.messages.list(thread_id, { limit: 1 }, v1);
    const [part] = data[0]?.content ?? [];
    assert.equal(part?.type, 'text');
    const [note] = part.text.annotations;
    assert.deepEqual(note?.type === 'file_citation' && note.file_citation, {
      file_id: handbook,
      quote: HANDBOOK,
    });
    const steps = await client.beta.threads.runs.steps.list(run.id, { thread_id, order: 'asc' }, v1);
    const [step] = steps.data;
    assert.deepEqual(
      step?.step_details.type === 'tool_calls' &&
        step.step_details.tool_calls.map(({ id: _, ...call }) => call),
      [{ type: 'retrieval', retrieval: {} }],
    );
  });
});

test("a run searches what is ready when its thread's store is not, a minute after it began", async () => {
  const began = 1_800_000_000;
  let now = (began + 59) * 1000;
  const searched: string[] = [];
  const view = (id: string, in_progress: number) => ({
    record: { object: { id }, embedder: null, expiresAfter: null },
    state: { lastActiveAt: began, expired: false },
    tally: { in_progress },
  });
  const tool = new FileSearchTool({
    clock: { now: () => (now += 400) },
    log: quietLog,
    stores: {
      threads: {
        get: async () => ({ object: { tool_resources: { file_search: { vector_store_ids: ['vs_own'] } } } }),
      },
      vectorStores: { get: async (_: string, id: string) => view(id, 1), touch: async () => {} },
    } as never,
    finder: {
      async find({ store }) {
        searched.push(store.id);
        return [];
      },
    },
  });
  const run = {
    project: 'p',
    object: {
      thread_id: 't',
      started_at: began,
      created_at: began,
      tools: [{ type: 'file_search' }],
      model: 'm',
    },
    work: { vectorStoreIds: ['vs_shared', 'vs_own'] },
  } as never;
  await tool.run({ run, queries: ['x'], contextTokens: 1000 }, new AbortController().signal);
  assert.deepEqual(searched, ['vs_own', 'vs_shared']);
  assert.ok(now >= (began + 60) * 1000);
  const gone = new AbortController();
  now = began * 1000;
  const waiting = tool.run({ run, queries: ['x'], contextTokens: 1000 }, gone.signal);
  gone.abort(new Error('the run is cancelled'));
  await assert.rejects(waiting, /cancelled/);
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { toFile } from 'openai';

import { testApi } from '../support/api.ts';

const api = await testApi({ API_KEYS: 'a:KEY-A,b:KEY-B,c:KEY-C,d:KEY-D', RATE_LIMIT_PER_MINUTE: '1000000' });
after(() => api[Symbol.asyncDispose]());

/** A collection of one kind with known contents. */
interface Collection {
  readonly path: string;
  readonly key: string;
  /** In order of creation. */
  readonly ids: readonly string[];
  readonly remove?: (id: string) => Promise<unknown>;
}

const SIZE = 5;
const times = Array.from({ length: SIZE }, (_, index) => index);

/** One after the other, so that the order of creation is known. */
async function inOrder(make: () => Promise<{ id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for (const _ of times) ids.push((await make()).id);
  return ids;
}

const kinds: Record<string, () => Promise<Collection>> = {
  async assistants() {
    const { assistants } = api.client().beta;
    const ids = await inOrder(() => assistants.create({ model: 'scripted' }));
    return { path: '/assistants', key: 'KEY-A', ids, remove: (id) => assistants.delete(id) };
  },

  async threads() {
    const { threads } = api.client('KEY-B').beta;
    const ids = await inOrder(() => threads.create());
    return { path: '/threads', key: 'KEY-B', ids, remove: (id) => threads.delete(id) };
  },

  async files() {
    const { files } = api.client('KEY-C');
    const ids = await inOrder(async () =>
      files.create({ file: await toFile(Buffer.from('x'), 'x.txt'), purpose: 'assistants' }),
    );
    return { path: '/files', key: 'KEY-C', ids, remove: (id) => files.delete(id) };
  },

  async messages() {
    const { threads } = api.client('KEY-D').beta;
    const { id: thread_id } = await threads.create();
    const ids = await inOrder(() => threads.messages.create(thread_id, { role: 'user', content: 'x' }));
    const remove = (id: string) => threads.messages.delete(id, { thread_id });
    return { path: `/threads/${thread_id}/messages`, key: 'KEY-D', ids, remove };
  },

  async runs() {
    const { assistants, threads } = api.client('KEY-D').beta;
    const { id: assistant_id } = await assistants.create({ model: 'scripted', instructions: 'Answer.' });
    const { id } = await threads.create();
    const ids = await inOrder(async () => {
      api.engine.model.add({ text: 'Hi' });
      const run = await threads.runs.create(id, { assistant_id });
      await api.engine.pump();
      return run;
    });
    return { path: `/threads/${id}/runs`, key: 'KEY-D', ids };
  },

  async steps() {
    const { assistants, threads } = api.client('KEY-D').beta;
    const { id: assistant_id } = await assistants.create({
      instructions: 'Answer.',
      model: 'scripted',
      tools: [{ type: 'function', function: { name: 'f' } }],
    });
    const { id: run_id, thread_id } = await threads.createAndRun({ assistant_id });
    const ids: string[] = [];
    const newest = async () => (await threads.runs.steps.list(run_id, { thread_id })).data[0]?.id ?? '';
    for (const index of times.slice(1)) {
      const id = `call_${index}`;
      api.engine.model.add({ toolCalls: [{ name: 'f', arguments: '{}', id }] });
      await api.engine.pump();
      ids.push(await newest());
      await threads.runs.submitToolOutputs(run_id, { thread_id, tool_outputs: [{ tool_call_id: id }] });
    }
    api.engine.model.add({ text: 'Done' });
    await api.engine.pump();
    return {
      path: `/threads/${thread_id}/runs/${run_id}/steps`,
      key: 'KEY-D',
      ids: [...ids, await newest()],
    };
  },
};

interface Page {
  readonly object: string;
  readonly data: readonly { readonly id: string }[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

interface Query {
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

async function list({ path, key }: Collection, query: object): Promise<Page> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const answer = await api.fetch(`http://api/v1${path}?${search}`, { headers: { 'api-key': key } });
  assert.equal(answer.status, 200);
  return (await answer.json()) as Page;
}

/** What a page has to be, by the definition: cut, then limited, from the end when it is read backwards. */
function pageOf({ ids }: Collection, gone: ReadonlySet<string>, query: Query): Page {
  const ordered = query.order === 'asc' ? [...ids] : ids.toReversed();
  const from = query.after === undefined ? 0 : ordered.indexOf(query.after) + 1;
  const to = query.before === undefined ? ordered.length : ordered.indexOf(query.before);
  const between = ordered.slice(from, Math.max(from, to)).filter((id) => !gone.has(id));
  const backwards = query.before !== undefined && query.after === undefined;
  const data = backwards ? between.slice(-query.limit) : between.slice(0, query.limit);
  return {
    object: 'list',
    data: data.map((id) => ({ id })),
    first_id: data[0] ?? null,
    last_id: data.at(-1) ?? null,
    has_more: data.length < between.length,
  };
}

/** Around the collection's size. */
const LIMITS = [1, 2, SIZE];
const FEW_LIMITS = [2];

/** Both orders, every pair of cursors. */
function* queries(ids: readonly string[], limits: readonly number[]): Generator<Query> {
  const cursors = [undefined, ...ids];
  for (const limit of limits) {
    for (const order of ['asc', 'desc'] as const) {
      for (const after of cursors) for (const before of cursors) yield { limit, order, after, before };
    }
  }
}

const AT_ONCE = 8;

async function checkAll(
  collection: Collection,
  gone: ReadonlySet<string>,
  limits: readonly number[],
): Promise<void> {
  const waiting = [...queries(collection.ids, limits)];
  const worker = async () => {
    for (let query = waiting.pop(); query; query = waiting.pop()) {
      const page = await list(collection, query);
      const ids = { ...page, data: page.data.map(({ id }) => ({ id })) };
      assert.deepEqual(ids, pageOf(collection, gone, query), JSON.stringify(query));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

for (const [kind, make] of Object.entries(kinds)) {
  test(`a list of ${kind} is exact for every limit, order and pair of cursors`, async (context) => {
    const collection = await make();
    await checkAll(collection, new Set(), LIMITS);
    const { remove } = collection;
    if (!remove) return;
    await context.test('and when the objects at its cursors are deleted meanwhile', async () => {
      const gone = new Set([collection.ids[0], collection.ids[2]] as string[]);
      for (const id of gone) await remove(id);
      await checkAll(collection, gone, FEW_LIMITS);
    });
    await context.test('and when nothing is left', async () => {
      for (const id of collection.ids.filter((id) => id !== collection.ids[0] && id !== collection.ids[2])) {
        await remove(id);
      }
      await checkAll(collection, new Set(collection.ids), FEW_LIMITS);
      assert.deepEqual(await list(collection, {}), {
        object: 'list',
        data: [],
        first_id: null,
        last_id: null,
        has_more: false,
      });
    });
  });
}

const ours = '1m7xzc2p00009ch2fmdfs71x';

test('a cursor that marks no place is refused, and does not begin the list anew', async () => {
  const { assistants, threads } = api.client().beta;
  const { id: assistant_id } = await assistants.create({ model: 'scripted', instructions: 'Answer.' });
  const { id: thread_id } = await threads.create();
  api.engine.model.add({ text: 'Hi' });
  const run = await threads.runs.create(thread_id, { assistant_id });
  await api.engine.pump();
  const rows = [
    ['/assistants', 'assistant', 'asst_madeElsewhere'],
    ['/assistants', 'assistant', `thread_${ours}`],
    ['/threads', 'thread', 'thread_madeElsewhere'],
    ['/files', 'file', 'assistant-madeElsewhere'],
    [`/threads/${thread_id}/messages`, 'message', 'msg_madeElsewhere'],
    [`/threads/${thread_id}/messages`, 'message', run.id],
    [`/threads/${thread_id}/runs`, 'run', 'run_madeElsewhere'],
    [`/threads/${thread_id}/runs/${run.id}/steps`, 'run step', 'step_madeElsewhere'],
  ] as const;
  for (const [path, kind, id] of rows) {
    for (const side of ['after', 'before'] as const) {
      const answer = await api.fetch(`http://api/v1${path}?${side}=${id}`, {
        headers: { 'api-key': 'KEY-A' },
      });
      const { error } = (await answer.json()) as { error: object };
      assert.equal(answer.status, 404, path);
      assert.deepEqual(error, {
        message: `No ${kind} found with id '${id}'.`,
        type: 'invalid_request_error',
        param: side,
        code: null,
      });
    }
  }
});

test('messages are listed by the run that wrote them; a run without any has none', async () => {
  const { assistants, threads } = api.client('KEY-D').beta;
  const { id: assistant_id } = await assistants.create({ model: 'scripted', instructions: 'Answer.' });
  const { id: thread_id } = await threads.create({ messages: [{ role: 'user', content: 'one' }] });
  const runs: string[] = [];
  for (const text of ['first', 'second', 'third']) {
    await threads.messages.create(thread_id, { role: 'user', content: `before the ${text}` });
    api.engine.model.add({ text });
    runs.push((await threads.runs.create(thread_id, { assistant_id })).id);
    await api.engine.pump();
  }
  const texts = async (run_id: string) =>
    (await threads.messages.list(thread_id, { run_id })).data.map(({ content: [part] }) =>
      part?.type === 'text' ? part.text.value : '',
    );
  assert.deepEqual(await Promise.all(runs.map(texts)), [['first'], ['second'], ['third']]);
  assert.deepEqual(await texts(`run_${ours}`), []);
  assert.deepEqual(await texts('run_madeElsewhere'), []);
});

test('files are listed by purpose, page by page', async () => {
  const { files } = api.client('KEY-C');
  const wanted: string[] = [];
  for (const purpose of ['vision', 'assistants', 'vision', 'assistants', 'vision'] as const) {
    const { id } = await files.create({ file: await toFile(Buffer.from('x'), 'x'), purpose });
    if (purpose === 'vision') wanted.unshift(id);
  }
  const found: string[] = [];
  for await (const { id } of files.list({ purpose: 'vision', limit: 2 })) found.push(id);
  assert.deepEqual(found, wanted);
});

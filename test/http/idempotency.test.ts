import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';

import { DAY } from '../../shared/clock.ts';
import { operations } from '../../shared/operations/all.ts';
import type { Operation } from '../../shared/operations/operation.ts';
import { type TestApi, testApi } from '../support/api.ts';

const named = (key: string) => ({ headers: { 'Idempotency-Key': key } });
const markOf = (project: string, key: string) =>
  createHash('sha256')
    .update(JSON.stringify([project, key]))
    .digest('hex');

async function collected<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}

/** As a process leaves a key that died in the middle of its request, a minute ago. */
async function abandoned(api: TestApi, key: string): Promise<void> {
  const { answers } = api.engine.services.stores;
  const taken = await answers.take('team-a', markOf('team-a', key), {
    fingerprint: 'taken again below',
    begunAt: Date.now(),
    owner: 'dead',
    ownedUntil: 0,
    reserved: {},
  });
  const { answer: _, ...document } = taken.row.document;
  await answers.replace(taken.row, { ...document, owner: 'dead', ownedUntil: 0 });
}

describe('an idempotency key', { concurrency: true }, () => {
  it('makes one object of a request that is sent again, or several times at once', async () => {
    await using api = await testApi();
    const { assistants } = api.client().beta;
    const body = { model: 'scripted', name: 'one' };
    const first = await assistants.create(body, named('a'));
    const { data: again, response } = await assistants.create(body, named('a')).withResponse();
    assert.deepEqual(again, first);
    assert.equal(response.headers.get('idempotent-replayed'), 'true');
    const crowd = await Promise.all(Array.from({ length: 8 }, () => assistants.create(body, named('b'))));
    assert.equal(new Set(crowd.map(({ id }) => id)).size, 1);
    assert.equal((await assistants.list()).data.length, 2);
  });

  it('is one project’s own, and another request under it is refused', async () => {
    await using api = await testApi();
    const { assistants, threads } = api.client().beta;
    const { id } = await assistants.create({ model: 'scripted' }, named('a'));
    const other = await api.client('KEY-B').beta.assistants.create({ model: 'scripted' }, named('a'));
    assert.notEqual(other.id, id);
    for (const request of [
      () => assistants.create({ model: 'scripted', name: 'x' }, named('a')),
      () => threads.create({}, named('a')),
    ]) {
      await assert.rejects(request(), { status: 409, code: 'idempotency_key_reused' });
    }
    await assert.rejects(threads.create({}, named('ä')), /Invalid 'Idempotency-Key'|ByteString|ISO-8859/);
    await assert.rejects(threads.create({}, named('x'.repeat(256))), { status: 400 });
  });

  it('is free again when its request was refused', async () => {
    await using api = await testApi();
    const { assistants } = api.client().beta;
    const wrong = { model: 'scripted', tool_resources: { code_interpreter: { file_ids: ['file-none'] } } };
    await assert.rejects(assistants.create(wrong, named('a')), { status: 404 });
    await assistants.create({ model: 'scripted' }, named('a'));
  });

  it('begins one run, however often it is asked for, also streamed, and also after it has ended', async () => {
    await using api = await testApi();
    const { assistants, threads } = api.client().beta;
    const { id: assistant_id } = await assistants.create({ model: 'scripted' });
    const thread = await threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
    api.engine.model.add({ text: 'answer' });
    const first = await threads.runs.create(thread.id, { assistant_id }, named('run'));
    await api.engine.pump();
    const again = await threads.runs.create(thread.id, { assistant_id }, named('run'));
    assert.deepEqual([again.id, again.status], [first.id, 'queued']);

    api.engine.model.add({ text: 'streamed' });
    const events = async () => {
      const stream = await threads.runs.create(thread.id, { assistant_id, stream: true }, named('stream'));
      const all = await collected(stream);
      return all
        .filter(({ event }) => !event.endsWith('.delta'))
        .map(({ event, data }) => [event, 'id' in data && data.id]);
    };
    const told = await events();
    assert.deepEqual(await events(), told);
    assert.equal(told.at(-1)?.[0], 'thread.run.completed');
    assert.equal((await threads.runs.list(thread.id)).data.length, 2);

    api.engine.model.add({ text: 'both' });
    const both = async () => {
      const request = {
        assistant_id,
        stream: true as const,
        thread: { messages: [{ role: 'user' as const, content: 'x' }] },
      };
      const all = await collected(await threads.createAndRun(request, named('both')));
      return [all[0]?.event, all[0]?.data, all.at(-1)?.data].map((each) => JSON.stringify(each));
    };
    const created = await both();
    assert.equal(created[0], '"thread.created"');
    assert.deepEqual(await both(), created);
    api.engine.model.assertDone();
  });

  it('finds the run that a process had begun when it died, instead of beginning another', async () => {
    await using api = await testApi();
    const { assistants, threads } = api.client().beta;
    const { id: assistant_id } = await assistants.create({ model: 'scripted' });
    const thread = await threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
    api.engine.model.add({ text: 'answer' });
    const first = await threads.runs.create(thread.id, { assistant_id }, named('run'));
    const both = { assistant_id, thread: { messages: [{ role: 'user' as const, content: 'x' }] } };
    const second = await threads.createAndRun(both, named('both'));
    // Its answer was never kept.
    await abandoned(api, 'run');
    await abandoned(api, 'both');
    assert.equal((await threads.runs.create(thread.id, { assistant_id }, named('run'))).id, first.id);
    assert.equal((await threads.createAndRun(both, named('both'))).id, second.id);
    assert.equal((await threads.runs.list(thread.id)).data.length, 1);
  });

  it('compares the contents of uploads', async () => {
    await using api = await testApi();
    const { files } = api.client();
    const upload = (text: string, name = 'a.txt') =>
      files.create({ file: new File([text], name), purpose: 'assistants' }, named('file'));
    const first = await upload('contents');
    assert.equal((await upload('contents')).id, first.id);
    await assert.rejects(upload('Contents'), { status: 409, code: 'idempotency_key_reused' });
    await assert.rejects(upload('contents', 'b.txt'), { status: 409 });
    assert.equal((await files.list()).data.length, 1);
  });

  it('is forgotten after a day, when the project next uses one', async () => {
    await using api = await testApi();
    const { answers } = api.engine.services.stores;
    const then = Date.now() - 3 * DAY;
    const first = {
      fingerprint: 'f',
      begunAt: then,
      owner: '',
      ownedUntil: 0,
      reserved: {},
      answer: { body: { long: 'x'.repeat(200_000) } },
    };
    await answers.take('team-a', 'k', first);
    await answers.take('team-b', 'k', first);
    await api.client().beta.threads.create({}, named('new'));
    assert.equal((await answers.take('team-a', 'k', { ...first, answer: undefined } as never)).taken, true);
    assert.equal((await answers.take('team-b', 'k', first)).taken, false);
  });
});

describe('operations that create', () => {
  it('say so', () => {
    const creating = Object.entries<Operation>(operations).filter(([, { creates }]) => creates);
    const named = Object.entries<Operation>(operations).filter(([name]) => /^(create|add)[A-Z]/.test(name));
    assert.deepEqual(creating, named);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type OpenAI from 'openai';

import { type TestApi, testApi } from '../support/api.ts';
import { EVENTS, modelOf, POINTS, sessionOf, storyOf, userText } from './code-run.ts';
import { type ScriptedSessions, startScriptedSessions } from './scripted-sessions.ts';
import { collect, namesOf, readEvents, type WireEvent } from './streams.ts';

const headers = {
  authorization: 'Bearer KEY-A',
  'content-type': 'application/json',
  'x-event-ids': 'true',
};

describe('a stream that is resumed', () => {
  let sessions: ScriptedSessions;
  let api: TestApi;
  let client: OpenAI;
  const holds = new Map<string, Promise<unknown>>();
  const hold = async (name: string, point: number) => holds.get(`${name} ${point}`);
  before(async () => {
    sessions = await startScriptedSessions(sessionOf(hold));
    api = await testApi({ SESSION_ARM_ENDPOINT: sessions.url });
    api.engine.model.respond(modelOf(hold));
    client = api.client();
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await sessions[Symbol.asyncDispose]();
  });

  async function start(name: string): Promise<AsyncGenerator<WireEvent>> {
    const tools = [{ type: 'code_interpreter' as const }];
    const assistant = await client.beta.assistants.create({ model: 'scripted', tools });
    const thread = await client.beta.threads.create({
      messages: [{ role: 'user', content: userText(name) }],
    });
    const response = await api.fetch(`http://api/v1/threads/${thread.id}/runs`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ assistant_id: assistant.id, stream: true }),
    });
    assert.equal(response.status, 200);
    return readEvents(response.body);
  }

  async function follow(run: Run, after?: string): Promise<WireEvent[]> {
    const response = await api.fetch(`http://api/v1/threads/${run.thread_id}/runs/${run.id}/events`, {
      headers: { ...headers, ...(after === undefined ? {} : { 'last-event-id': after }) },
    });
    assert.equal(response.status, 200);
    return collect(readEvents(response.body));
  }

  it('after any event of a code run: each event exactly once', async () => {
    const whole = await collect(await start('whole'));
    assert.equal(whole.length, EVENTS + 1, namesOf(whole).join(', '));
    const run = whole[0]?.data as Run;
    for (let k = 0; k < EVENTS; k++) {
      const seen = whole.slice(0, k + 1);
      assert.deepEqual([...seen, ...(await follow(run, seen.at(-1)?.id))], whole);
    }
    assert.deepEqual(await follow(run), whole);
    const ids = whole.slice(0, -1).map(({ id }) => Number(id));
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((a, b) => a - b),
      'ids grow',
    );
  });

  it('while the run goes on, cut off at any point, and watched by a second viewer', async () => {
    const reference = storyOf(await collect(await start('reference')), 'reference');
    const runs = Array.from({ length: POINTS - 1 }, async (_, point) => {
      const name = `live-${point}`;
      const released = Promise.withResolvers<void>();
      holds.set(`${name} ${point}`, released.promise);
      const stream = await start(name);
      const seen: WireEvent[] = [];
      for await (const event of stream) {
        seen.push(event);
        if (seen.length === 3) break;
      }
      const run = seen[0]?.data as Run;
      const rest = follow(run, seen.at(-1)?.id);
      const second = follow(run);
      released.resolve();
      assert.deepEqual(storyOf([...seen, ...(await rest)], name), reference, name);
      assert.deepEqual(storyOf(await second, name), reference, name);
    });
    await Promise.all(runs);
  });
});

type Run = { id: string; thread_id: string };

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type OpenAI from 'openai';

import { loadSavedRun } from '../../shared/engine/claim/load-saved-run.ts';
import { isDelta } from '../../shared/events/delta.ts';
import { Told } from '../../shared/events/told.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import { collect, readEvents, type WireEvent } from '../streaming/streams.ts';
import { type TestApi, testApi } from '../support/api.ts';
import type { Turn } from '../support/scripted-turn.ts';

const headers = {
  authorization: 'Bearer KEY-A',
  'content-type': 'application/json',
  'x-event-ids': 'true',
};
const tools = [{ type: 'function' as const, function: { name: 'f' } }];
const call = { name: 'f', arguments: { a: 'bcdef' }, id: 'call_f' };
const late = {
  pieces: [
    { delta: { tool_calls: [{ index: 0, id: 'call_f', function: { name: 'f', arguments: '{}' } }] } },
    'late',
  ],
  finish: 'tool_calls',
};

interface Kind {
  readonly turns: readonly Turn[];
  /** What to do at the n-th event. */
  readonly cancelAt?: number;
  readonly outputs?: boolean;
}

const kinds: Record<string, Kind> = {
  'plain text': { turns: [{ text: ['Hello', ' there'] }] },
  'function call and resume': {
    turns: [{ toolCalls: [call], argumentCharacters: 3 }, { text: 'Fine.' }],
    outputs: true,
  },
  'two rounds of functions, after some text': {
    turns: [
      { text: ['Let me', ' see'], toolCalls: [call, { ...call, id: 'call_g' }], argumentCharacters: 4 },
      { text: 'Again', toolCalls: [call] },
      { text: 'Fine.' },
    ],
    outputs: true,
  },
  'text after a call': { turns: [late, { text: 'Fine.' }], outputs: true },
  'a call of a tool that there is not': {
    turns: [{ toolCalls: [{ ...call, name: 'g' }] }, { text: 'Fine.' }],
  },
  'cancelled while a call is written': {
    turns: [{ toolCalls: [call], argumentCharacters: 3, pieces: ['stall'] }],
    cancelAt: 8,
  },
  'waiting for outputs': { turns: [{ toolCalls: [call], argumentCharacters: 3 }] },
  'a broken connection to the model': {
    turns: [{ text: ['Hel'], pieces: ['drop'] }, { text: ['Hello', ' there'] }],
  },
  refusal: { turns: [{ pieces: [{ delta: { refusal: 'I will' } }, { delta: { refusal: ' not.' } }] }] },
  'cut by length': { turns: [{ text: ['Hello', ' there'], finish: 'length' }] },
  'a call cut by length': { turns: [{ toolCalls: [call], argumentCharacters: 3, finish: 'length' }] },
  failure: { turns: [{ text: 'Hel', pieces: ['drop'] }, { error: { status: 400 } }] },
  'cancelled in its answer': { turns: [{ text: ['Hello', ' there'], pieces: ['stall'] }], cancelAt: 8 },
};

/**
 * A worker that takes a run over tells what its log lacks by this replay: it must be the story that was told
 * live, with the same ids.
 */
describe('what is saved of a run, told as events', () => {
  let api: TestApi;
  let client: OpenAI;
  let assistant_id: string;
  before(async () => {
    api = await testApi();
    client = api.client();
    assistant_id = (await client.beta.assistants.create({ model: 'scripted', tools })).id;
  });
  after(() => api[Symbol.asyncDispose]());

  async function post(path: string, body: object): Promise<AsyncGenerator<WireEvent>> {
    const response = await api.fetch(`http://api/v1/threads/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ ...body, stream: true }),
    });
    assert.equal(response.status, 200);
    return readEvents(response.body);
  }

  async function live({ turns, cancelAt, outputs }: Kind): Promise<WireEvent[]> {
    api.engine.model.add(...turns);
    const { id } = await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hi' }] });
    const events: WireEvent[] = [];
    for await (const event of await post(`${id}/runs`, { assistant_id })) {
      events.push(event);
      if (events.length !== cancelAt) continue;
      await client.beta.threads.runs.cancel((events[0]!.data as { id: string }).id, { thread_id: id });
    }
    while (outputs && events.at(-2)?.event === 'thread.run.requires_action') {
      const run = events.at(-2)?.data as OpenAI.Beta.Threads.Run;
      const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
      const tool_outputs = calls.map((one) => ({ tool_call_id: one.id, output: 'ok' }));
      events.pop();
      events.push(
        ...(await collect(await post(`${id}/runs/${run.id}/submit_tool_outputs`, { tool_outputs }))),
      );
    }
    return events.filter(({ event }) => event !== 'done');
  }

  for (const [name, kind] of Object.entries(kinds)) {
    it(`${name}: the same story as live`, async () => {
      const told = await live(kind);
      api.engine.model.assertDone();
      const run = told[0]?.data as { id: string; thread_id: string };
      const saved = await loadSavedRun(api.engine.services.stores, 'team-a', run.thread_id, run.id);
      assert.ok(saved);
      const replayed = new Told().missing(saved);
      assert.deepEqual(
        outline(replayed.map(({ id, event }) => ({ id, event: event.event, data: event.data }))),
        outline(told.map((event) => ({ ...event, id: Number(event.id) }))),
      );
    });
  }
});

/** Changes of state, each with its id and object, and how far the deltas after it went. */
function outline(events: readonly { id: number; event: string; data: unknown }[]): string[] {
  const lines: string[] = [];
  for (const { id, event, data } of events) {
    const delta = isDelta({ event, data } as RunEvent);
    const line = `${delta ? 'deltas' : event} ${(data as { id: string }).id} ${id}`;
    if (delta && lines.at(-1)?.startsWith('deltas')) lines.pop();
    lines.push(line);
  }
  return lines;
}

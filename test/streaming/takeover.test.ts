import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import OpenAI from 'openai';
import type { HostProcess } from '../../local/host-process.ts';
import { emulatedSessions } from '../../local/settings.ts';
import { systemClock } from '../../shared/clock.ts';
import { readConfig } from '../../shared/config.ts';
import { openStorageAccount } from '../../shared/store/connection.ts';
import { openStores } from '../../shared/store/stores.ts';
import { testStorage } from '../support/azurite.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { assertNoHandlerThrew, startHost } from '../support/host.ts';
import { type ScriptedModel, startScriptedModel } from '../support/scripted-model.ts';
import { EVENTS_AT, modelOf, POINTS, sessionOf, storyOf, userText } from './code-run.ts';
import { type ScriptedSessions, startScriptedSessions } from './scripted-sessions.ts';
import { BEGIN, collect, messageOf, namesOf, readEvents, STEP_BEGINS, type WireEvent } from './streams.ts';

/** Killed in the middle of the code, in the middle of the answer, and at the end. */
const AFTER_EVERY_EVENT = ['behind-6', 'behind-10', `level-${POINTS - 1}`];
/** Cuts that are tried at once. */
const AT_ONCE = 8;

const ASKS = 'Please ask';
const functionCall = {
  whenUserSays: ASKS,
  text: ['Let me', ' ask.'],
  toolCalls: [{ name: 'ask', arguments: { a: 'bcdef' }, id: 'call_ask' }],
  argumentCharacters: 4,
};
const functionAnswer = { whenUserSays: ASKS, text: ['Fine', '.'] };

const TALKS = 'Please talk';
const pieceOfCall = (text: string, head: object = {}) => ({
  delta: { tool_calls: [{ index: 0, ...head, function: { name: 'python', arguments: text } }] },
});
/** Dies with its host while it writes its call; asked again, it says something else before it. */
const halfTurn = {
  whenUserSays: TALKS,
  text: ['Let me', ' see.'],
  pieces: [pieceOfCall('{"code":"', { id: 'call_talk' }), pieceOfCall('pri'), 'stall' as const],
};
const wholeTurn = {
  whenUserSays: TALKS,
  text: ['Once more.'],
  pieces: [pieceOfCall('{"code":"', { id: 'call_talk' }), pieceOfCall('print(1)"}')],
  finish: 'tool_calls',
};

interface Cut {
  readonly name: string;
  readonly run: { readonly id: string; readonly thread_id: string };
  readonly seen: readonly WireEvent[];
}

describe('a stream whose host was killed', () => {
  let storage: FaultProxy;
  let sessions: ScriptedSessions;
  let model: ScriptedModel;
  let environment: Record<string, string>;
  /** Threads whose logs stay behind what the responses say: nothing that the first host appends arrives. */
  const heldThreads = new Set<string>();
  const isHeld = (url: string) => [...heldThreads].some((thread) => url.includes(thread));
  const released = Promise.withResolvers<void>();
  const heldRuns = new Map<string, number>();
  const hold = async (name: string, point: number) => {
    if (heldRuns.get(name) === point) await released.promise;
  };
  const hosts: HostProcess[] = [];
  /** A run that waits for the outputs of a function, of which the log knows nothing. */
  let asking: WireEvent[];
  /** One whose answer was cut off after its message, in its tool call. */
  let talking: WireEvent[];
  let second: HostProcess;

  before(async () => {
    const { connectionString, prefix } = await testStorage();
    storage = await startFaultProxy(connectionString);
    storage.fault = ({ kind, url }) => (kind === 'blob append' && isHeld(url) ? 'hang' : undefined);
    sessions = await startScriptedSessions(sessionOf(hold));
    model = await startScriptedModel({ respond: modelOf(hold) });
    model.add(functionCall, functionAnswer, halfTurn, wholeTurn, {
      whenUserSays: TALKS,
      text: ['Done', '.'],
    });
    environment = {
      PATH: process.env.PATH ?? '',
      AzureWebJobsStorage: connectionString,
      STORAGE_PREFIX: `${prefix}tk`,
      API_KEYS: 'team-a:KEY-A',
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'none',
      // The first host keeps its runs, on a machine however busy: they are others' from its death on.
      RUN_LEASE_SECONDS: '300',
      ...emulatedSessions(sessions.url),
    };
  });
  after(async () => {
    released.resolve();
    await Promise.all(hosts.map((host) => host.kill()));
    await model.stop();
    await sessions[Symbol.asyncDispose]();
    await storage.stop();
  });

  async function host(changes: Record<string, string> = {}): Promise<HostProcess> {
    const started = await startHost({ environment: { ...environment, ...changes } });
    hosts.push(started);
    return started;
  }

  /** As if the time had passed for which a dead worker holds its runs. */
  async function endLeases(runs: readonly Cut['run'][]): Promise<void> {
    const stores = openStores(await openStorageAccount(readConfig(environment)), systemClock);
    for (const { id, thread_id } of runs) {
      const row = await stores.runs.rowOfAny(thread_id, id);
      assert.ok(row, id);
      const work = { ...row.document.work, leaseUntil: Date.now() };
      await stores.runs.save(row, { ...row.document, work });
    }
  }

  const postRun = (baseURL: string, threadId: string, assistant_id: string) =>
    fetch(`${baseURL}/threads/${threadId}/runs`, {
      method: 'POST',
      headers: { authorization: 'Bearer KEY-A', 'content-type': 'application/json', 'x-event-ids': 'true' },
      body: JSON.stringify({ assistant_id, stream: true }),
    });

  /** Starts a run and reads its stream as far as it comes before it is held. */
  async function readUntil(url: string, assistant_id: string, name: string, point: number): Promise<Cut> {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'KEY-A' });
    const thread = await client.beta.threads.create({
      messages: [{ role: 'user', content: userText(name) }],
    });
    if (name.startsWith('behind')) heldThreads.add(thread.id);
    heldRuns.set(name, point);
    const response = await postRun(`${url}/v1`, thread.id, assistant_id);
    const seen: WireEvent[] = [];
    const events = readEvents(response.body);
    while (seen.length < EVENTS_AT[point]!) {
      const { value } = await events.next();
      assert.ok(value, `${name}: the stream ended after ${seen.length} events`);
      seen.push(value);
    }
    return { name, run: seen[0]?.data as Cut['run'], seen };
  }

  /** Starts a run of whose events the log is told nothing, and reads as many, at most to its end. */
  async function readBehind(client: OpenAI, assistant_id: string, content: string, events = 100) {
    const thread = await client.beta.threads.create({ messages: [{ role: 'user', content }] });
    heldThreads.add(thread.id);
    const response = await postRun(client.baseURL, thread.id, assistant_id);
    const seen: WireEvent[] = [];
    const stream = readEvents(response.body);
    while (seen.length < events) {
      const { value } = await stream.next();
      if (!value || value.event === 'done') break;
      seen.push(value);
    }
    return seen;
  }

  it('goes on elsewhere after any event, wherever the host died and however far its log was', async () => {
    const first = await host({ AzureWebJobsStorage: storage.connectionString });
    const client = new OpenAI({ baseURL: `${first.url}/v1`, apiKey: 'KEY-A' });
    const tools = [
      { type: 'code_interpreter' as const },
      { type: 'function' as const, function: { name: 'ask' } },
    ];
    const { id: assistant_id } = await client.beta.assistants.create({ model: 'scripted', tools });
    const reference = await readUntil(first.url, assistant_id, 'reference', POINTS - 1);
    const story = storyOf(reference.seen, 'reference');
    const cuts = await Promise.all(
      Array.from({ length: POINTS }, (_, point) => point).flatMap((point) => [
        readUntil(first.url, assistant_id, `behind-${point}`, point),
        readUntil(first.url, assistant_id, `level-${point}`, point),
      ]),
    );
    asking = await readBehind(client, assistant_id, ASKS);
    talking = await readBehind(client, assistant_id, TALKS, 15);
    assertNoHandlerThrew(first);
    await first.kill();
    await endLeases([...cuts.map(({ run }) => run), asking[0]?.data, talking[0]?.data] as Cut['run'][]);
    released.resolve();
    second = await host();

    const follow = async ({ run, name, seen }: Cut, k: number): Promise<void> => {
      const response = await fetch(`${second.url}/v1/threads/${run.thread_id}/runs/${run.id}/events`, {
        headers: { authorization: 'Bearer KEY-A', 'last-event-id': seen[k]?.id ?? '' },
      });
      const rest = (await collect(readEvents(response.body))).filter(({ event }) => event !== 'done');
      const whole = [...seen.slice(0, k + 1), ...rest];
      assert.deepEqual(storyOf(whole, name), story, `${name}, cut off after event ${k + 1}`);
      const ids = whole.map(({ id }) => Number(id));
      assert.deepEqual(
        ids,
        [...new Set(ids)].sort((a, b) => a - b),
        'ids grow',
      );
    };
    // Each where it was cut off, while it is taken over; then some after every event.
    await Promise.all(cuts.map((cut) => follow(cut, cut.seen.length - 1)));
    const thorough = cuts.filter(({ name }) => AFTER_EVERY_EVENT.includes(name));
    const all = thorough.flatMap((cut) => cut.seen.map((_, k) => () => follow(cut, k)));
    for (let at = 0; at < all.length; at += AT_ONCE) {
      await Promise.all(all.slice(at, at + AT_ONCE).map((check) => check()));
    }
    // The run that was cut off before its call is taken over by whoever is asked about it.
    const { id, thread_id } = talking[0]!.data as Cut['run'];
    const asked = new OpenAI({ baseURL: `${second.url}/v1`, apiKey: 'KEY-A' });
    await eventually('the code of every run', async () => {
      await asked.beta.threads.runs.retrieve(id, { thread_id });
      return sessions.executions >= cuts.length + 2;
    });
    assert.equal(sessions.executions, cuts.length + 2, 'no code was begun twice');
    assertNoHandlerThrew(second);
  });

  it('takes outputs elsewhere, where the log does not know yet that they are awaited', async () => {
    assert.equal(asking.at(-1)?.event, 'thread.run.requires_action');
    const { id, thread_id } = asking[0]!.data as Cut['run'];
    const path = `${second.url}/v1/threads/${thread_id}/runs/${id}`;
    const headers = {
      authorization: 'Bearer KEY-A',
      'content-type': 'application/json',
      'x-event-ids': 'true',
    };
    const response = await fetch(`${path}/submit_tool_outputs`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ tool_outputs: [{ tool_call_id: 'call_ask', output: 'x' }], stream: true }),
    });
    const rest = await collect(readEvents(response.body));
    assert.deepEqual(namesOf(rest).slice(0, 3), ['run.step.completed', 'run.queued', 'run.in_progress']);
    assert.deepEqual(namesOf(rest).slice(-2), ['run.completed', 'done']);
    const logged = await collect(readEvents((await fetch(`${path}/events`, { headers })).body));
    const whole = [...asking, ...rest];
    assert.deepEqual(storyOf(logged, 'NAME'), storyOf(whole, 'NAME'));
    const ids = whole.slice(0, -1).map((event) => Number(event.id));
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((a, b) => a - b),
      'ids grow',
    );
  });

  it('keeps a message that was complete before the calls of its answer, whatever the model says then', async () => {
    assert.deepEqual(namesOf(talking), [...BEGIN, ...messageOf(2), ...STEP_BEGINS, 'run.step.delta ×2']);
    const { id, thread_id } = talking[0]!.data as Cut['run'];
    const response = await fetch(`${second.url}/v1/threads/${thread_id}/runs/${id}/events`, {
      headers: { authorization: 'Bearer KEY-A', 'last-event-id': talking.at(-1)?.id ?? '' },
    });
    const rest = await collect(readEvents(response.body));
    assert.deepEqual(namesOf(rest).at(-2), 'run.completed');
    const texts = storyOf([...talking, ...rest], 'NAME').filter((line) => /content|input/.test(line));
    assert.deepEqual(texts.slice(0, 2), ['#2/0/content: "Let me see."', '#3/0/input: "\\u0001print(1)"']);
    const client = new OpenAI({ baseURL: `${second.url}/v1`, apiKey: 'KEY-A' });
    const { data } = await client.beta.threads.messages.list(thread_id, { order: 'asc' });
    const written = data.flatMap(({ content }) =>
      content.map((part) => part.type === 'text' && part.text.value),
    );
    assert.deepEqual(written, [TALKS, 'Let me see.', false, 'Done.']);
  });
});

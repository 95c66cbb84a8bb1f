import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import OpenAI from 'openai';
import type { HostProcess } from '../../local/host-process.ts';
import { emulatedSessions } from '../../local/settings.ts';
import { MAX_ANSWER_CHARACTERS } from '../../shared/model/openai-chunks.ts';
import { testStorage } from '../support/azurite.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { assertNoHandlerThrew, startHost } from '../support/host.ts';
import { type ScriptedModel, startScriptedModel } from '../support/scripted-model.ts';
import type { Piece } from '../support/scripted-turn.ts';
import { collect } from './streams.ts';

const MEBIBYTE = 1024 * 1024;

/** A piece that says when it is its turn. */
const reached = (act: () => Promise<unknown>): Piece => ({
  get gate() {
    return act();
  },
});

/** Readers of a real host, over its HTTP proxy leg. */
describe('readers of streams', () => {
  let storage: FaultProxy;
  let host: HostProcess;
  let model: ScriptedModel;
  let client: OpenAI;
  let assistant_id: string;
  let logReads = 0;
  before(async () => {
    const { connectionString, prefix } = await testStorage();
    storage = await startFaultProxy(connectionString);
    storage.fault = ({ kind, url }) => {
      if (kind === 'blob get' && url.includes('.jsonl')) logReads += 1;
      return undefined;
    };
    model = await startScriptedModel();
    host = await startHost({
      environment: {
        PATH: process.env.PATH ?? '',
        // What is kept for a reader that does not read would soon be too much.
        NODE_OPTIONS: '--max-old-space-size=160',
        AzureWebJobsStorage: storage.connectionString,
        STORAGE_PREFIX: `${prefix}rd`,
        API_KEYS: 'team-a:KEY-A',
        OPENAI_BASE_URL: model.url,
        OPENAI_API_KEY: 'none',
        ...emulatedSessions('http://127.0.0.1:1'),
      },
    });
    client = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'KEY-A' });
    assistant_id = (await client.beta.assistants.create({ model: 'scripted', instructions: 'Answer.' })).id;
    // What is loaded with the first run is not what is looked at here.
    model.add({ text: 'Hello' });
    await collect(await client.beta.threads.createAndRun({ assistant_id, stream: true }));
  });
  after(async () => {
    await host.stop();
    await model.stop();
    await storage.stop();
    assertNoHandlerThrew(host);
  });

  const say = async (content: string) =>
    (await client.beta.threads.create({ messages: [{ role: 'user', content }] })).id;

  async function runOf(threadId: string) {
    const [run] = (await client.beta.threads.runs.list(threadId)).data;
    assert.ok(run);
    return run;
  }

  const cancel = (threadId: string, runId: string) =>
    client.beta.threads.runs.cancel(runId, { thread_id: threadId });

  it('a word reaches the client when the model says it: 50 words at 20 ms', async () => {
    let said = 0;
    const pieces = Array.from({ length: 50 }, (_, word) => [
      reached(async () => {
        await delay(20);
        said = word + 1;
      }),
      `word${word} `,
    ]).flat();
    model.add({ pieces });
    const stream = await client.beta.threads.runs.create(await say('Count'), { assistant_id, stream: true });
    const saidAtDelta: number[] = [];
    for await (const { event } of stream) if (event === 'thread.message.delta') saidAtDelta.push(said);
    assert.equal(saidAtDelta.length, 50);
    assert.ok(saidAtDelta[0]! < 10, `the first delta came when the model had said ${saidAtDelta[0]} words`);
    assert.ok(saidAtDelta[25]! < 45, `the 26th delta came when the model had said ${saidAtDelta[25]} words`);
  });

  /** Sends a request on a plain socket, reads the beginning of the answer and then no more. */
  async function stalledReader(method: string, path: string, body?: object): Promise<Socket> {
    const { hostname, port } = new URL(host.url);
    const text = body ? JSON.stringify(body) : '';
    const head = [
      `${method} /v1/${path} HTTP/1.1`,
      `host: ${hostname}:${port}`,
      'authorization: Bearer KEY-A',
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(text)}`,
    ];
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    socket.write(`${head.join('\r\n')}\r\n\r\n${text}`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    return socket;
  }

  it('cost no memory when they stop reading', async () => {
    // As much as one answer may hold, in characters of three bytes: a text, and the arguments of a call.
    const piece = '\u5b57'.repeat(16 * 1024);
    const pieces = Math.floor(MAX_ANSWER_CHARACTERS / piece.length);
    const total = 2 * pieces * Buffer.byteLength(piece);
    const go = Promise.withResolvers<void>();
    const words = Array.from({ length: pieces }, () => [{ waitMs: 5 }, piece]).flat();
    const call = Array.from({ length: pieces }, (_, n) => {
      const head = n === 0 ? { id: 'call_flood' } : {};
      const written = { index: 0, ...head, function: { name: n === 0 ? 'f' : '', arguments: piece } };
      return [{ waitMs: 5 }, { delta: { tool_calls: [written] } }];
    }).flat();
    model.add({ gate: go.promise, pieces: [...words, ...call, 'stall'] });
    const threadId = await say('Flood');
    const sockets = [await stalledReader('POST', `threads/${threadId}/runs`, { assistant_id, stream: true })];
    const { id } = await runOf(threadId);
    const path = `threads/${threadId}/runs/${id}/events`;
    for (let n = 0; n < 60; n++) sockets.push(await stalledReader('GET', path));
    const before = residentBytes(host.pid);
    go.resolve();
    // One reads on: when it has everything, the others could have it, too.
    const reader = await fetch(`${host.url}/v1/${path}`, { headers: { authorization: 'Bearer KEY-A' } });
    let received = 0;
    let most = before;
    for await (const chunk of reader.body as unknown as AsyncIterable<Uint8Array>) {
      received += chunk.length;
      most = Math.max(most, residentBytes(host.pid));
      if (received > total) break;
    }
    for (const socket of sockets) socket.destroy();
    await cancel(threadId, id);
    const grown = most - before;
    assert.ok(
      // The answer itself takes some, once.
      grown < sockets.length * total * 0.75,
      `${sockets.length} readers of ${total / MEBIBYTE} MiB each: ${Math.round(grown / MEBIBYTE)} MiB more`,
    );
  });

  it('leave nothing behind when they vanish, and their run goes on', async () => {
    const go = Promise.withResolvers<void>();
    model.add({ text: 'Once', pieces: [{ gate: go.promise }, ' upon'] });
    const threadId = await say('Vanish');
    const own = await stalledReader('POST', `threads/${threadId}/runs`, { assistant_id, stream: true });
    const { id } = await runOf(threadId);
    const viewer = await stalledReader('GET', `threads/${threadId}/runs/${id}/events`);
    const before = logReads;
    await eventually('the viewer to look for more', () => logReads > before + 3);
    own.destroy();
    viewer.destroy();
    await eventually('nobody to look for more', async () => {
      const left = logReads;
      await delay(600);
      return logReads === left;
    });
    go.resolve();
    await eventually('the run to complete', async () => (await runOf(threadId)).status === 'completed');
  });

  it('200 at once are served', async () => {
    model.respond(() => ({ text: Array.from({ length: 10 }, (_, word) => `word${word} `), delayMs: 20 }));
    const streams = Array.from({ length: 200 }, async (_, n) => {
      const thread = { messages: [{ role: 'user' as const, content: `${n}` }] };
      const stream = await client.beta.threads.createAndRun({ assistant_id, thread, stream: true });
      const events = await collect(stream);
      assert.equal(events.at(-1)?.event, 'thread.run.completed');
      return events.filter(({ event }) => event === 'thread.message.delta').length;
    });
    assert.deepEqual(new Set(await Promise.all(streams)), new Set([10]));
  });
});

/** Memory of a process that is in use, in bytes. */
const residentBytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type OpenAI from 'openai';
import { startRun } from '../../shared/engine/start-run.ts';
import { outline, pumpUntil, stored, textOf } from '../engine/scenario.ts';
import { type TestApi, testApi } from '../support/api.ts';
import { testStorage } from '../support/azurite.ts';
import { PROJECT, type RunIds, type TestEngine, testEngine } from '../support/engine.ts';
import { type Fault, type FaultProxy, type StorageRequest, startFaultProxy } from '../support/fault-proxy.ts';
import { echo } from '../support/scripted-model.ts';

/** An engine behind a proxy that breaks what the test wants broken. */
async function brokenEngine(): Promise<{ engine: TestEngine; proxy: FaultProxy } & AsyncDisposable> {
  const proxy = await startFaultProxy((await testStorage()).connectionString);
  const engine = await testEngine({ AzureWebJobsStorage: proxy.connectionString, RUN_LEASE_SECONDS: '3' });
  engine.model.respond(echo);
  return {
    engine,
    proxy,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await proxy.stop();
    },
  };
}

/** A thread with one finished run, and another run in it that answers `text`. */
async function goOn(engine: TestEngine, thread: RunIds, text: string): Promise<RunIds> {
  const { threadId, assistantId } = thread;
  const assistant = await engine.services.stores.assistants.get(PROJECT, assistantId);
  assert.ok(assistant);
  await engine.say(threadId, text);
  const request = { assistant_id: assistantId } as never;
  const { queued } = await startRun(engine.services, { project: PROJECT, threadId, assistant, request });
  const run = { threadId, assistantId, runId: queued.object.id };
  await pumpUntil(engine, run, 'completed', 'failed', 'incomplete', 'expired');
  return run;
}

async function assertAnsweredOnce(engine: TestEngine, run: RunIds, ...texts: string[]): Promise<void> {
  const { run: after, messages, steps, activeRunId } = await stored(engine, run);
  assert.equal(after.object.status, 'completed');
  assert.deepEqual(
    messages.map(textOf),
    texts.flatMap((text) => [text, text]),
  );
  assert.deepEqual(outline(steps), ['message_creation completed']);
  assert.equal(after.object.usage?.total_tokens, 15, 'counted once');
  assert.equal(activeRunId, '');
}

const writes = ({ method, kind }: StorageRequest) => method !== 'GET' || kind === 'queue receive';

describe('storage that fails', { concurrency: true }, () => {
  describe('faults of storage', { concurrency: true }, () => {
    const everywhere: [fault: Fault, what: string, concerns: (request: StorageRequest) => boolean][] = [
      ['busy', 'each request throttled once (503)', () => true],
      ['refuse', 'each connection broken once before its request', () => true],
      ['lose-answer', 'each write done, and its answer lost', writes],
      [
        'conflict',
        'each write refused once as if another had been first (412)',
        ({ service, ...request }) => service === 'table' && writes({ service, ...request }),
      ],
    ];
    for (const [fault, what, concerns] of everywhere) {
      it(`${what}: the run ends once, with one message`, async () => {
        await using broken = await brokenEngine();
        const { engine, proxy } = broken;
        // Run by run, another request is the one that fails.
        for (let failing = 0, injected = true; injected; failing++) {
          const first = await engine.aRun({ text: 'before' });
          await engine.pump();
          injected = false;
          let count = 0;
          proxy.fault = (request) => {
            if (!concerns(request) || injected || count++ < failing) return undefined;
            injected = true;
            return fault;
          };
          const run = await goOn(engine, first, `request ${failing}`);
          proxy.fault = () => undefined;
          await assertAnsweredOnce(engine, run, 'before', `request ${failing}`);
          assert.ok(failing < 40);
        }
      });
    }

    it('a third of all requests throttled: every run ends once, with one message', async () => {
      await using broken = await brokenEngine();
      const { engine, proxy } = broken;
      let number = 0;
      proxy.fault = () => (number++ % 3 === 0 ? 'busy' : undefined);
      const texts = Array.from({ length: 8 }, (_, i) => `run ${i}`);
      const runs = await Promise.all(texts.map((text) => engine.aRun({ text })));
      await Promise.all(runs.map((run) => pumpUntil(engine, run, 'completed')));
      proxy.fault = () => undefined;
      await Promise.all(runs.map((run, i) => assertAnsweredOnce(engine, run, texts[i] ?? '')));
    });

    it('a request that is never answered is asked again', async () => {
      await using broken = await brokenEngine();
      const { engine, proxy } = broken;
      const run = await engine.aRun({ text: 'hello' });
      let hung = false;
      proxy.fault = ({ kind }) => {
        if (hung || kind !== 'table transaction') return undefined;
        hung = true;
        return 'hang';
      };
      await pumpUntil(engine, run, 'completed');
      assert.ok(hung);
      await assertAnsweredOnce(engine, run, 'hello');
    });

    it('a piece of a file whose arrival is never confirmed is sent again', async () => {
      await using broken = await brokenEngine();
      const { engine, proxy } = broken;
      let hung = false;
      proxy.fault = ({ kind }) => {
        if (hung || kind !== 'blob put') return undefined;
        hung = true;
        return 'hang';
      };
      const { files } = engine.services.stores;
      assert.equal(await files.upload(PROJECT, 'file-1', Readable.from([Buffer.from('hello')]), 100), 5);
      assert.ok(hung);
    });
  });

  /** Storage is away for 20 s while runs of every kind are under way. */
  describe('an outage of storage', { concurrency: true }, () => {
    const OUTAGE_MS = 20_000;
    const kinds: [string, (proxy: FaultProxy) => Promise<void>, (proxy: FaultProxy) => Promise<void>][] = [
      ['nobody listens', (proxy) => proxy.disconnect(), (proxy) => proxy.reconnect()],
      [
        'everything is answered with 503',
        async (proxy) => {
          proxy.fault = () => 'busy';
        },
        async (proxy) => {
          proxy.fault = () => undefined;
        },
      ],
    ];
    for (const [what, begin, end] of kinds) {
      describe(what, () => {
        let proxy: FaultProxy;
        let api: TestApi;
        let client: OpenAI;
        let assistant_id: string;
        before(async () => {
          proxy = await startFaultProxy((await testStorage()).connectionString);
          api = await testApi({ AzureWebJobsStorage: proxy.connectionString });
          client = api.client();
          assistant_id = (await client.beta.assistants.create({ model: 'scripted' })).id;
        });
        after(async () => {
          await api[Symbol.asyncDispose]();
          await proxy.stop();
        });

        it('costs a caller and a run nothing but time', async () => {
          const { model } = api.engine;
          const newThread = () =>
            client.beta.threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
          const [one, two] = await Promise.all([newThread(), newThread()]);
          let goOn = () => {};
          const gate = new Promise<void>((resolve) => {
            goOn = resolve;
          });
          model.add(
            { text: 'Half', pieces: [{ gate }, ' done'] },
            { text: 'Half', pieces: [{ gate }, ' done'] },
          );
          const { id } = await client.beta.threads.runs.create(one.id, { assistant_id });
          const pumped = api.engine.pump();
          const stream = client.beta.threads.runs.stream(two.id, { assistant_id });
          await model.received(2);

          await begin(proxy);
          goOn();
          const created = client.beta.threads.create();
          await delay(OUTAGE_MS);
          await end(proxy);

          await pumped;
          const [first, second] = await Promise.all([
            client.beta.threads.runs.poll(id, { thread_id: one.id }, { pollIntervalMs: 100 }),
            stream.finalRun(),
          ]);
          assert.deepEqual([first.status, second.status], ['completed', 'completed']);
          for (const thread of [one, two]) {
            const { data } = await client.beta.threads.messages.list(thread.id, { order: 'asc' });
            const texts = data.map(({ content: [part] }) =>
              part?.type === 'text' ? part.text.value : part?.type,
            );
            assert.deepEqual(texts, ['Hello', 'Half done']);
          }
          assert.match((await created).id, /^thread_/);
          model.assertDone();
        });
      });
    }
  });
});

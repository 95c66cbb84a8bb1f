import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import OpenAI from 'openai';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import type { HostProcess } from '../../local/host-process.ts';
import { emulatedSessions } from '../../local/settings.ts';
import { type CrashPoint, runCrashPoints } from '../../shared/crash-points.ts';
import { testStorage } from '../support/azurite.ts';
import { assertNoHandlerThrew, startHost } from '../support/host.ts';
import { type ScriptedModel, startScriptedModel } from '../support/scripted-model.ts';
import { lastUserText, type TurnOf } from '../support/scripted-turn.ts';
import { startTestEmulator } from '../support/sessions.ts';

/**
 * A real host process that dies as by `kill -9` at every named point, and another one after it: the run ends
 * once, with one message, and what was done is not done again.
 */
type Kind = 'plain' | 'code' | 'streamed';

/** Where a point is reached while the code is not run yet, a run without code says as much in less time. */
const scenarios: readonly (readonly [CrashPoint, Kind])[] = [
  ['after-watchdog-put', 'plain'],
  ['after-begin-transaction', 'plain'],
  ['after-start-message', 'plain'],
  ['while-working-on-watchdog', 'plain'],
  ['before-claim', 'plain'],
  ['after-claim', 'plain'],
  ['mid-stream', 'plain'],
  ['mid-stream', 'streamed'],
  ['after-turn-saved', 'code'],
  ['during-code', 'code'],
  ['after-code-before-result-saved', 'code'],
  ['between-outputs-and-step', 'code'],
  ['before-final-transaction', 'code'],
  ['before-final-transaction', 'streamed'],
  ['after-final-transaction', 'plain'],
  ['after-final-transaction', 'streamed'],
];

const CODE = `
import time, pathlib, matplotlib.pyplot as plt
log = pathlib.Path('/mnt/data/runs.txt')
log.write_text((log.read_text() if log.exists() else '') + 'ran\\n')
plt.plot([1, 2]); plt.show()
print('begun', flush=True)
time.sleep(1)
pathlib.Path('/mnt/data/result.csv').write_text('a,b')
print(log.read_text().count('ran'), 'times')`;

const STALLS = 'stalls at first';
const stalled = new Set<string>();

const answer: TurnOf = (request) => {
  const text = lastUserText(request);
  if (text.startsWith(STALLS) && !stalled.has(text)) {
    stalled.add(text);
    return { text: 'Half', pieces: ['stall'] };
  }
  const coded = request.body.messages.at(-1)?.role === 'tool';
  const wantsCode = lastUserText(request).includes('code') && !coded;
  if (wantsCode) return { toolCalls: [{ name: 'python', arguments: { code: CODE } }] };
  return { text: ['an', ' answer'] };
};

describe('a host that dies', { concurrency: 3 }, () => {
  let arm: ArmEmulator;
  let model: ScriptedModel;
  let connectionString: string;
  let prefix: string;
  before(async () => {
    const storage = await testStorage();
    ({ connectionString, prefix } = storage);
    [arm, model] = await Promise.all([
      startTestEmulator({ warm: 1 }),
      startScriptedModel({ respond: answer }),
    ]);
  });
  after(async () => {
    await Promise.all([arm.stop(), model.stop()]);
  });

  const clientOf = (host: HostProcess) =>
    new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'KEY', maxRetries: 0 });

  function hosts(number: number, more: Record<string, string> = { RUN_LEASE_SECONDS: '2' }) {
    const environment = {
      PATH: process.env.PATH ?? '',
      AzureWebJobsStorage: connectionString,
      STORAGE_PREFIX: `${prefix}c${number}`,
      API_KEYS: 'team:KEY',
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'none',
      ...emulatedSessions(arm.url),
      ...more,
    };
    return (crashAt?: CrashPoint, drainSeconds?: number) =>
      startHost({
        environment: crashAt ? { ...environment, HOURGLASS_CRASH_AT: crashAt } : environment,
        ...(drainSeconds === undefined ? {} : { drainSeconds }),
      });
  }

  it('is tried at every named point', () => {
    assert.deepEqual([...new Set(scenarios.map(([point]) => point))].sort(), [...runCrashPoints].sort());
  });

  for (const [number, [point, kind]] of scenarios.entries()) {
    it(`${point}, ${kind}`, { timeout: 420_000 }, async () => {
      const start = hosts(number);
      // A watchdog is worked on when its run was abandoned before.
      const doomed = await start(point === 'while-working-on-watchdog' ? 'after-begin-transaction' : point);
      const client = clientOf(doomed);
      const text = `${kind} ${number}`;
      const assistant = await client.beta.assistants.create({
        model: 'scripted',
        tools: kind === 'code' ? [{ type: 'code_interpreter' }] : [],
      });
      const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: text }] });
      await begin(client, thread.id, assistant.id, kind);
      assert.equal(await doomed.exited, 'SIGKILL');
      if (point === 'while-working-on-watchdog') {
        const second = await start(point);
        assert.equal(await second.exited, 'SIGKILL');
      }

      const host = await start();
      try {
        await assertWhole(clientOf(host), thread.id, { point, kind, text, assistantId: assistant.id });
        await clientOf(host).beta.threads.delete(thread.id);
      } finally {
        await host.stop();
      }
      assertNoHandlerThrew(host);
    });
  }

  /** The platform may end the worker without waiting for what runs: the app's own hook is all it waits for. */
  for (const drainSeconds of [25, 0])
    it(`is asked to stop instead, with ${drainSeconds} s for what runs: its run goes on elsewhere at once, whatever the lease`, {
      timeout: 240_000,
    }, async () => {
      // Nobody may have to wait for the lease: it is longer than this test is given.
      const start = hosts(scenarios.length + drainSeconds, { RUN_LEASE_SECONDS: '300' });
      const text = `${STALLS} ${drainSeconds}`;
      const [asked, other] = [await start(undefined, drainSeconds), await start()];
      try {
        const client = clientOf(other);
        const assistant = await client.beta.assistants.create({ model: 'scripted' });
        const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: text }] });
        // The stream's own process advances the run: the one that is asked to stop.
        const stream = clientOf(asked).beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
        const broken = stream.done().catch(() => undefined);
        await new Promise<void>((resolve) => stream.once('textDelta', () => resolve()));
        asked.signal('SIGTERM');
        assert.equal(await asked.exited, drainSeconds > 0 ? 0 : 1);
        await broken;
        const [run] = (await client.beta.threads.runs.list(thread.id)).data;
        assert.ok(run);
        const ended = await client.beta.threads.runs.poll(
          run.id,
          { thread_id: thread.id },
          { pollIntervalMs: 100 },
        );
        assert.equal(ended.status, 'completed');
        const { data } = await client.beta.threads.messages.list(thread.id, { order: 'asc' });
        assert.deepEqual(data.map(words), [text, 'an answer']);
      } finally {
        await Promise.all([asked.kill(), other.stop()]);
      }
      assertNoHandlerThrew(asked);
      assertNoHandlerThrew(other);
    });

  /** Asks for a run of a host that dies meanwhile, or soon after. */
  async function begin(client: OpenAI, threadId: string, assistant_id: string, kind: Kind): Promise<void> {
    try {
      if (kind !== 'streamed') await client.beta.threads.runs.create(threadId, { assistant_id });
      else await client.beta.threads.runs.stream(threadId, { assistant_id }).done();
    } catch (error) {
      assert.ok(error instanceof OpenAI.OpenAIError || error instanceof Error);
    }
  }

  interface Expected {
    readonly point: CrashPoint;
    readonly kind: Kind;
    readonly text: string;
    readonly assistantId: string;
  }

  async function assertWhole(client: OpenAI, threadId: string, expected: Expected): Promise<void> {
    const { runs, messages } = client.beta.threads;
    const { data: begun } = await runs.list(threadId);
    // The caller was told nothing of a run that was not there yet.
    assert.equal(begun.length, expected.point === 'after-watchdog-put' ? 0 : 1);
    for (const run of begun) {
      const ended = await runs.poll(run.id, { thread_id: threadId }, { pollIntervalMs: 100 });
      assert.equal(ended.status, 'completed');
      assert.ok(ended.completed_at && ended.usage);
      if (expected.kind === 'code') await assertRanOnce(client, threadId, run.id);
      assertModelCalls(expected);
    }
    const answers = await messages.list(threadId, { order: 'asc' });
    assert.deepEqual(answers.data.map(words), [expected.text, ...begun.map(() => 'an answer')]);
    for (const message of answers.data) assert.equal(message.status, 'completed');

    await messages.create(threadId, { role: 'user', content: 'plain again' });
    const again = await runs.createAndPoll(
      threadId,
      { assistant_id: expected.assistantId },
      { pollIntervalMs: 100 },
    );
    assert.equal(again.status, 'completed');
  }

  async function assertRanOnce(client: OpenAI, threadId: string, runId: string): Promise<void> {
    const { data } = await client.beta.threads.runs.steps.list(runId, { thread_id: threadId, order: 'asc' });
    assert.deepEqual(
      data.map(({ type, status }) => `${type} ${status}`),
      ['tool_calls completed', 'message_creation completed'],
    );
    const outputs = data.flatMap(({ step_details: details }) =>
      details.type === 'tool_calls'
        ? details.tool_calls.flatMap((call) =>
            call.type === 'code_interpreter' ? call.code_interpreter.outputs : [],
          )
        : [],
    );
    const logs = outputs.map((output) => (output.type === 'logs' ? output.logs : '')).join('');
    assert.equal(logs, 'begun\n1 times\n');
    const shown = outputs.flatMap((output) => (output.type === 'image' ? [output.image.file_id] : []));
    assert.equal(shown.length, 1);
    const files = await client.files.list();
    assert.deepEqual(
      files.data.map(({ id, filename }) => (id === shown[0] ? 'the figure' : filename)).sort(),
      ['result.csv', 'runs.txt', 'the figure'],
    );
  }

  /** A turn that was saved is not asked for again. */
  function assertModelCalls({ point, kind, text }: Expected): void {
    const calls = model.requests.filter((request) => lastUserText(request) === text);
    const turns = kind === 'code' ? 2 : 1;
    const repeated = point === 'mid-stream' || point === 'before-final-transaction' ? 1 : 0;
    assert.equal(calls.length, turns + repeated, point);
  }
});

const words = (message: OpenAI.Beta.Threads.Message): string =>
  message.content.map((part) => (part.type === 'text' ? part.text.value : '')).join('');

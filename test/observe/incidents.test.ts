import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';

import { toFile } from 'openai';

import { eventually } from '../support/eventually.ts';
import { startInsights } from '../support/insights.ts';
import type { Turn } from '../support/scripted-turn.ts';
import { startStack } from '../support/stack.ts';

/**
 * What docs/operate.md tells operators to look for, when it happens: the line with the id, at its level, once, and
 * the measurements that the queries count.
 */
const insights = await startInsights();
const stack = await startStack({
  AUDIT: 'off',
  ...insights.environment,
  SESSION_START_TIMEOUT_SECONDS: '2',
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await insights[Symbol.asyncDispose]();
});
const { assistants, threads } = stack.client().withOptions({ maxRetries: 0 }).beta;
const assistant = await assistants.create({
  model: 'scripted',
  tools: [{ type: 'code_interpreter' }, { type: 'function', function: { name: 'ask' } }],
});
const request = {
  assistant_id: assistant.id,
  thread: { messages: [{ role: 'user' as const, content: 'Hello' }] },
};

async function queued(...turns: readonly Turn[]) {
  stack.model.add(...turns);
  return threads.createAndRunPoll(request, { pollIntervalMs: 100 });
}

async function streamed(...turns: readonly Turn[]) {
  stack.model.add(...turns);
  return threads.createAndRunStream(request).finalRun();
}

interface Line extends Readonly<Record<string, unknown>> {
  readonly level: string;
  readonly message: string;
}

/** Lines of the app's log that hold this text. */
const linesAbout = (text: string): Line[] =>
  stack.host
    .logs()
    .split('\n')
    .filter((line) => line.startsWith('{"level"') && line.includes(text))
    .map((line) => JSON.parse(line) as Line);

/** The same once the run's end is among them: the client may learn of it a moment earlier. */
const storyOf = (id: string): Promise<Line[]> =>
  eventually(`the end of ${id} in the log`, () => {
    const lines = linesAbout(id);
    return lines.some(({ message }) => message === 'a run ended') && lines;
  });

const outlineOf = (lines: readonly Line[]) => lines.map(({ level, message }) => `${level} ${message}`);

const refusal = (status: number): Turn => ({ error: { status, body: { error: { message: 'Refused' } } } });
const python: Turn = { toolCalls: [{ name: 'python', arguments: { code: 'print(1)' } }] };

describe('the log', () => {
  for (const [how, start] of Object.entries({ queued, streamed })) {
    it(`a ${how} run that went well is one line, with how it ended and how long it took`, async () => {
      const run = await start({ text: 'Hi' });
      const [line, ...others] = await storyOf(run.id);
      assert.deepEqual(others, []);
      assert.deepEqual(
        [line?.level, line?.message, line?.thread, line?.status],
        ['info', 'a run ended', run.thread_id, 'completed'],
      );
      assert.ok(Number(line?.ms) > 0);
    });

    it(`a ${how} run that the model refuses tells of the status, once, and then of its end`, async () => {
      const run = await start(refusal(401));
      const lines = await storyOf(run.id);
      assert.deepEqual(outlineOf(lines), ['error the model failed a run', 'warn a run ended']);
      assert.deepEqual([lines[0]?.code, lines[0]?.sign], ['server_error', 401]);
      assert.deepEqual([lines[1]?.status, lines[1]?.cause], ['failed', 'server_error']);
    });
  }

  it('a prompt that the model does not take is nobody\u2019s fault here', async () => {
    const run = await queued(refusal(413));
    assert.deepEqual(outlineOf(await storyOf(run.id)), [
      'info the model refused a prompt',
      'warn a run ended',
    ]);
  });

  it('a Python session that cannot be had is told with Azure\u2019s own code, though the run completes', async () => {
    stack.arm.fail({ kind: 'quota' }, 10);
    const run = await queued(python, { text: 'No Python today' });
    stack.arm.clearFaults();
    assert.equal(run.status, 'completed');
    await storyOf(run.id);
    const [line, ...others] = linesAbout(run.thread_id).filter(({ level }) => level === 'error');
    assert.deepEqual(others, []);
    assert.deepEqual(
      [line?.message, line?.code, line?.cause, line?.status],
      ['no Python session could be had', 'unavailable', 'ContainerGroupQuotaReached', 409],
    );
  });

  it('a group that comes to nothing is told by its name', async () => {
    stack.arm.fail({ kind: 'provisioning-failed' }, 1);
    const run = await queued(python, { text: 'At the second try' });
    assert.equal(run.status, 'completed');
    await storyOf(run.id);
    assert.match(stack.host.logs(), /container group hg-[\w-]+ came to nothing.*provisioning Failed/);
  });
});

describe('the measurements', () => {
  interface Point {
    readonly name: string;
    readonly value: number;
    readonly count: number;
  }

  /** AppMetrics, as the workspace would have it: `Sum` and `ItemCount` of a metric, by its properties. */
  function measured(name: string, properties: Readonly<Record<string, string>> = {}) {
    let sum = 0;
    let items = 0;
    for (const { data } of insights.envelopes) {
      const own = (data.baseData.properties ?? {}) as Record<string, unknown>;
      if (Object.entries(properties).some(([key, value]) => own[key] !== value)) continue;
      for (const point of (data.baseData.metrics ?? []) as Point[]) {
        if (point.name !== name) continue;
        sum += point.value;
        items += point.count;
      }
    }
    return { sum, items };
  }

  before(async () => {
    // Its worker takes it up twice; it waited for a worker once.
    const asking = await queued({ toolCalls: [{ name: 'ask', arguments: {}, id: 'call_1' }] });
    assert.equal(asking.status, 'requires_action');
    stack.model.add({ text: 'Thanks' });
    const { id, thread_id } = asking;
    await threads.runs.submitToolOutputsAndPoll(
      id,
      { thread_id, tool_outputs: [{ tool_call_id: 'call_1', output: 'x' }] },
      { pollIntervalMs: 100 },
    );
    const { vectorStores } = stack.client();
    const { id: storeId } = await vectorStores.create({});
    for (const name of ['good.txt', 'bad.exe']) {
      const content = await toFile(Buffer.from('Some text'), name);
      await vectorStores.files.uploadAndPoll(storeId, content, { pollIntervalMs: 100 });
    }
    await stack.host.stop();
  });

  it('files that were added to vector stores are told from those that ended, and both add up', () => {
    assert.equal(measured('hourglass.index.added').sum, 2);
    assert.equal(measured('hourglass.index.files', { outcome: 'completed' }).sum, 1);
    assert.equal(measured('hourglass.index.files', { code: 'unsupported_file' }).sum, 1);
  });

  it('runs that were created are told from runs that ended, and both add up', () => {
    assert.equal(measured('hourglass.runs.created', { by: 'queue' }).sum, 6);
    assert.equal(measured('hourglass.runs.created', { by: 'stream' }).sum, 2);
    assert.equal(measured('hourglass.runs').sum, 8);
    assert.equal(measured('hourglass.runs', { status: 'failed' }).sum, 3);
  });

  it('a run waits for a worker once in its life, and a streamed one never', () => {
    assert.equal(measured('hourglass.run.queue_wait').items, 6);
  });

  it('sessions that could not be had, and the code that did not run, are counted by outcome', () => {
    assert.equal(measured('hourglass.session.starts', { outcome: 'failed' }).sum, 1);
    assert.equal(measured('hourglass.session.starts', { outcome: 'ready' }).sum, 1);
    assert.equal(measured('hourglass.code.duration', { outcome: 'not-run' }).items, 1);
    assert.equal(measured('hourglass.code.duration', { outcome: 'ran' }).items, 1);
  });

  const folder = new URL('../../infra/queries/', import.meta.url);
  /** No storage fails here: test/reliability/storage-faults.test.ts. */
  const elsewhere = ['hourglass.storage.faults'];

  it('every query finds its metrics with their attributes, its spans and its lines with their fields', async () => {
    const metrics = new Map<string, Set<string>>();
    const spans = new Set<string>();
    for (const { data } of insights.envelopes) {
      const own = Object.keys(data.baseData.properties ?? {});
      if (data.baseType === 'RemoteDependencyData') for (const key of own) spans.add(key);
      for (const { name } of (data.baseData.metrics ?? []) as Point[])
        metrics.set(name, new Set([...(metrics.get(name) ?? []), ...own]));
    }
    const missing: string[] = [];
    for await (const file of glob('*.kql', { cwd: folder })) {
      const text = (await readFile(new URL(file, folder), 'utf8')).replace(/^\/\/.*$/gm, '');
      const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
      const asked = all(/'(hourglass\.[\w.]+)'/g).filter((name) => !elsewhere.includes(name));
      const keys = new Set(asked.flatMap((name) => [...(metrics.get(name) ?? [])]));
      const messages = all(/"message":"([^"]+)"|\bwhat == '([^']+)'/g);
      const lines = messages.flatMap((message) => linesAbout(`"message":"${message}"`));
      const fields = new Set(lines.flatMap((line) => Object.keys(line)));
      missing.push(
        ...asked.filter((name) => !metrics.has(name)),
        ...all(/\bProperties\.(\w+)/g).filter((key) => !keys.has(key) && !spans.has(key)),
        ...messages.filter((message) => linesAbout(`"message":"${message}"`).length === 0),
        ...all(/\bline\.(\w+)/g).filter((field) => !fields.has(field)),
      );
    }
    assert.deepEqual(missing, []);
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { buildPackage } from '../../local/build.ts';
import { eventually } from '../support/eventually.ts';
import { startInsights } from '../support/insights.ts';
import { startStack } from '../support/stack.ts';
import { openApi } from './api.ts';
import { checkRow, reasonToSkip, unseenOperations } from './check.ts';
import { rows } from './rows/all.ts';
import { remoteScript, type Target } from './scene/target.ts';

/**
 * The suite against what is deployed: the built package, not the sources, in a host process of its own with
 * real storage, sandboxes and a scripted model.
 */
const dist = await mkdtemp(join(tmpdir(), 'hourglass-conformance-'));
await buildPackage(dist);
const [keyA, keyB, modelKey] = ['planted-key-of-team-a', 'planted-key-of-team-b', 'planted-key-of-the-model'];
const insights = await startInsights();
const stack = await startStack(
  {
    ...insights.environment,
    TMPDIR: dist,
    RATE_LIMIT_PER_MINUTE: '1000000',
    API_KEYS: `team-a:${keyA},team-b:${keyB}`,
    OPENAI_API_KEY: modelKey,
  },
  { root: dist, functions: 'functions/*.js' },
);
after(async () => {
  await stack[Symbol.asyncDispose]();
  await insights[Symbol.asyncDispose]();
  await rm(dist, { recursive: true, force: true });
});

const target: Target = {
  baseUrl: stack.host.url,
  key: keyA,
  secondKey: keyB,
  model: 'scripted',
  script: remoteScript(stack.model.url),
};
const open = openApi(target);

/** Everything that the model was shown. */
const told: unknown[] = [];

for (const row of rows) {
  test(row.says, async () => {
    assert.equal(reasonToSkip(row, target), undefined);
    await checkRow(open, row, target);
    for (const { body } of stack.model.requests) told.push(...body.messages.map(({ content }) => content));
    stack.model.assertDone();
  });
}

test('every operation was done as asked at least once', () => {
  assert.deepEqual(unseenOperations(open), []);
});

// Not a row: no client can see it.
test('a deleted thread takes its Python session with it', async () => {
  const { threads } = open.api.client.beta;
  stack.model.add({ toolCalls: [{ name: 'python', arguments: { code: 'print(1)' } }] }, { text: 'One' });
  const before = new Set(stack.arm.groups.keys());
  const run = await threads.createAndRunPoll({
    assistant_id: await open.api.shared.assistantId(),
    tools: [{ type: 'code_interpreter' }],
    thread: { messages: [{ role: 'user', content: 'Print it.' }] },
  });
  assert.equal(run.status, 'completed', run.last_error?.message);
  const own = [...stack.arm.groups.keys()].filter((name) => !before.has(name));
  assert.equal(own.length, 1);
  await threads.delete(run.thread_id);
  await eventually('the end of the session', () => own.every((name) => !stack.arm.groups.has(name)));
});

describe('what all this told the operators', () => {
  before(() => stack.host.stop());

  /** None of the keys, and nothing that anyone wrote. */
  function assertQuotesNothing(what: string): void {
    // Short texts are ordinary words of any log.
    const texts = told.filter((text) => typeof text === 'string').filter((text) => text.length >= 16);
    assert.ok(texts.length >= 10, 'the run told the model something');
    // As a log line or an envelope would hold it.
    const escaped = texts.map((text) => JSON.stringify(text).slice(1, -1));
    const secrets = [keyA, keyB, modelKey, ...texts, ...escaped];
    assert.deepEqual(
      secrets.filter((text) => what.includes(text)),
      [],
    );
  }

  test('the logs quote no key and nothing that anyone wrote', () => assertQuotesNothing(stack.host.logs()));

  test('nor do the traces and metrics that Application Insights received, to the last one', () => {
    assertQuotesNothing(insights.bodies.join('\n'));
    const spans = insights.envelopes.filter(({ data }) => data.baseType !== 'MetricData');
    const names = new Set(spans.map(({ data }) => data.baseData.name));
    assert.deepEqual([...names].sort(), ['code', 'index', 'run', 'session']);
    const measured = new Set(
      insights.envelopes.flatMap(({ data }) =>
        ((data.baseData.metrics ?? []) as { name: string }[]).map(({ name }) => name),
      ),
    );
    for (const name of [
      'runs',
      'run.duration',
      'run.queue_wait',
      'model.duration',
      'tokens',
      'code.duration',
      'index.files',
      'index.duration',
    ])
      assert.ok(measured.has(`hourglass.${name}`), `${name} arrived: ${[...measured]}`);
    // Asked for at some time in the first minutes, or not yet.
    const others = [...insights.others].filter((host) => host !== 'settings.sdk.monitor.azure.com:443');
    assert.deepEqual(others, []);
  });
});

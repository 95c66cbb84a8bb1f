import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BlobServiceClient } from '@azure/storage-blob';
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

import { HOUR } from '../../shared/clock.ts';
import { testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { startTestEmulator } from '../support/sessions.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { exercise } from './exercise.ts';
import { assertSecret, planted } from './planted.ts';

const keys = {
  API_KEYS: `team-a:${planted.key},team-b:${planted.otherKey}`,
  OPENAI_API_KEY: planted.modelKey,
};

describe('what operators see tells nothing that is not theirs', () => {
  it('in the logs of a host that served good and bad requests', async () => {
    const stack = await startStack(keys);
    await using _ = stack;
    const tokens = new Set<string>();
    const said = new Set<string>();
    const client = stack.client(planted.key);
    await exercise({
      client,
      baseUrl: `${stack.host.url}/v1`,
      fetch,
      model: stack.model,
      arm: stack.arm,
      settle: (run) => {
        noteSessions(stack, tokens, said);
        return client.beta.threads.runs.poll(run.id, { thread_id: run.thread_id });
      },
    });
    noteSessions(stack, tokens, said);
    await unreadable(stack);
    const logs = await eventually('both failures in the logs', () => {
      const text = stack.host.logs();
      return /A request failed.*SyntaxError/.test(text) && /runs: try 1 of 5 failed/.test(text) && text;
    });
    const accountKey = /AccountKey=([^;]+)/.exec(stack.environment.AzureWebJobsStorage ?? '')?.[1];
    assert.ok(tokens.size > 0 && accountKey, 'sessions were started, with tokens');
    assertSecret('The logs of the host', logs, [...tokens, accountKey]);
    assertSecret('The logs of the sessions', [...said].join('\n'), [...tokens]);
    assert.match(logs, /model call failed, trying again/);
  });

  it('in the traces and metrics of the same requests', async () => {
    const spans = new InMemorySpanExporter();
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: HOUR });
    // As the app registers them, with exporters that keep everything here.
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
    );
    const arm = await startTestEmulator({ warm: 1 });
    try {
      await using api = await testApi({ ...keys, SESSION_ARM_ENDPOINT: arm.url });
      const client = api.client(planted.key);
      await exercise({
        client,
        baseUrl: 'http://api/v1',
        fetch: api.fetch,
        model: api.engine.model,
        arm,
        settle: async (run) => {
          await api.engine.pump();
          return client.beta.threads.runs.retrieve(run.id, { thread_id: run.thread_id });
        },
      });
      await reader.forceFlush();
    } finally {
      await arm.stop();
    }
    const told = spans.getFinishedSpans().map(({ name, attributes, status, events }) => ({
      ...{ name, attributes, status, events },
    }));
    const measured = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    assertSecret('The traces', JSON.stringify(told));
    assertSecret('The metrics', JSON.stringify(measured));
    const names = new Set(told.map(({ name }) => name));
    assert.deepEqual([...names].sort(), ['code', 'session']);
    const instruments = measured.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name));
    for (const name of [
      'runs',
      'run.duration',
      'model.duration',
      'tokens',
      'code.duration',
      'session.starts',
    ]) {
      assert.ok(instruments.includes(`hourglass.${name}`), `${name} was measured: ${instruments}`);
    }
    await reader.shutdown();
  });
});

/** Sessions end while the test goes on: what they hold and said is noted in between. */
function noteSessions(stack: Stack, tokens: Set<string>, said: Set<string>): void {
  for (const { body, sandbox } of stack.arm.groups.values()) {
    tokens.add(body.token);
    if (sandbox) said.add(sandbox.stderr);
  }
}

/** A stored message that has become unreadable: whoever parses it quotes it, in a request and in the worker. */
async function unreadable(stack: Stack): Promise<void> {
  const client = stack.client(planted.key).withOptions({ maxRetries: 0 });
  const spills = BlobServiceClient.fromConnectionString(
    stack.environment.AzureWebJobsStorage ?? '',
  ).getContainerClient(`${stack.environment.STORAGE_PREFIX}-spill`);
  const { id } = await client.beta.threads.create({
    messages: [{ role: 'user', content: planted.message.repeat(8_000) }],
  });
  const { id: assistant_id } = await client.beta.assistants.create({ model: 'scripted' });
  for await (const { name } of spills.listBlobsFlat({ prefix: `${id}/` }))
    await spills.getBlockBlobClient(name).uploadData(Buffer.from(planted.corrupt));
  await assert.rejects(client.beta.threads.messages.list(id), { status: 500 });
  await client.beta.threads.runs.create(id, { assistant_id });
}

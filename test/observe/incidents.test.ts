import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import type { Turn } from '../support/scripted-turn.ts';
import { startStack } from '../support/stack.ts';

/**
 * What docs/operate.md tells operators to look for, when it happens: the line with the id, at its level, once.
 */
const stack = await startStack({ SESSION_START_TIMEOUT_SECONDS: '2' });
after(async () => {
  await stack[Symbol.asyncDispose]();
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

/** Lines of the app's log that hold this id. */
const linesAbout = (id: string): Line[] =>
  stack.host
    .logs()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(id))
    .map((line) => JSON.parse(line) as Line);

const outlineOf = (lines: readonly Line[]) => lines.map(({ level, message }) => `${level} ${message}`);

const refusal = (status: number): Turn => ({ error: { status, body: { error: { message: 'Refused' } } } });
const python: Turn = { toolCalls: [{ name: 'python', arguments: { code: 'print(1)' } }] };

describe('the log', () => {
  for (const [how, start] of Object.entries({ queued, streamed })) {
    it(`a ${how} run that went well is one line, with how it ended and how long it took`, async () => {
      const run = await start({ text: 'Hi' });
      const [line, ...others] = linesAbout(run.id);
      assert.deepEqual(others, []);
      assert.deepEqual(
        [line?.level, line?.message, line?.thread, line?.status],
        ['info', 'a run ended', run.thread_id, 'completed'],
      );
      assert.ok(Number(line?.ms) > 0);
    });

    it(`a ${how} run that the model refuses tells of the status, once, and then of its end`, async () => {
      const run = await start(refusal(401));
      const lines = linesAbout(run.id);
      assert.deepEqual(outlineOf(lines), ['error the model failed a run', 'warn a run ended']);
      assert.deepEqual([lines[0]?.code, lines[0]?.sign], ['server_error', 401]);
      assert.deepEqual([lines[1]?.status, lines[1]?.cause], ['failed', 'server_error']);
    });
  }

  it('a prompt that the model does not take is nobody\u2019s fault here', async () => {
    const run = await queued(refusal(413));
    assert.deepEqual(outlineOf(linesAbout(run.id)), ['info the model refused a prompt', 'warn a run ended']);
  });

  it('a Python session that cannot be had is told with Azure\u2019s own code, though the run completes', async () => {
    stack.arm.fail({ kind: 'quota' }, 10);
    const run = await queued(python, { text: 'No Python today' });
    stack.arm.clearFaults();
    assert.equal(run.status, 'completed');
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
    assert.match(stack.host.logs(), /container group hg-[\w-]+ came to nothing.*provisioning Failed/);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { PROJECT, type TestEngine, testEngine } from '../support/engine.ts';

describe('a run without tools', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await testEngine();
  });
  after(async () => {
    await engine[Symbol.asyncDispose]();
  });

  it('answers, completes, unlocks the thread and leaves no message behind', async () => {
    engine.model.add({ text: ['Hello', ' there'] });
    const { threadId, runId } = await engine.aRun({ assistant: { instructions: 'Be kind.' } });
    await engine.pump();
    const { stores } = engine.services;
    const run = await stores.runs.get(PROJECT, threadId, runId);
    assert.equal(run?.object.status, 'completed');
    assert.deepEqual(run?.object.usage, { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 });
    const messages = await stores.messages.list(threadId, { limit: 10, order: 'desc' });
    assert.equal(messages.data.length, 2);
    const [answer] = messages.data;
    assert.deepEqual(answer?.object.content, [
      { type: 'text', text: { value: 'Hello there', annotations: [] } },
    ]);
    assert.equal(answer?.object.status, 'completed');
    const steps = await stores.runSteps.ofRun(threadId, runId);
    assert.deepEqual(
      steps.map(({ object }) => [object.type, object.status]),
      [['message_creation', 'completed']],
    );
    const thread = await stores.threads.get(PROJECT, threadId);
    assert.equal(thread?.state.activeRunId, '');
    assert.equal(await engine.messagesWaiting(), 0);
    assert.deepEqual(engine.model.requests[0]?.body.messages, [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Hello' },
    ]);
    engine.model.assertDone();
  });

  it('waits for function outputs, and goes on with them', async () => {
    engine.model.reset();
    engine.model.add(
      {
        toolCalls: [
          { name: 'f', arguments: { a: 1 }, id: 'call_a' },
          { name: 'f', arguments: { a: 2 }, id: 'call_b' },
        ],
      },
      { text: 'done' },
    );
    const { threadId, runId } = await engine.aRun({
      assistant: { tools: [{ type: 'function', function: { name: 'f' } }] },
    });
    await engine.pump();
    const { stores } = engine.services;
    const waiting = await stores.runs.get(PROJECT, threadId, runId);
    assert.equal(waiting?.object.status, 'requires_action');
    assert.deepEqual(
      waiting?.object.required_action?.submit_tool_outputs.tool_calls.map((call) => call.id),
      ['call_a', 'call_b'],
    );
    const { submitOutputs } = await import('../../shared/engine/submit-outputs.ts');
    const place = { project: PROJECT, threadId, runId };
    await assert.rejects(
      submitOutputs(engine.services, { ...place, outputs: [{ tool_call_id: 'call_a', output: '1' }] }),
      { status: 400, message: "Expected tool outputs for call_ids ['call_a', 'call_b'], got ['call_a']" },
    );
    await submitOutputs(engine.services, {
      ...place,
      outputs: [
        { tool_call_id: 'call_b', output: '2' },
        { tool_call_id: 'call_a', output: '1' },
      ],
    });
    await engine.pump();
    assert.equal((await stores.runs.get(PROJECT, threadId, runId))?.object.status, 'completed');
    const sent = engine.model.requests.at(-1)?.body.messages ?? [];
    assert.deepEqual(sent.slice(-2), [
      { role: 'tool', tool_call_id: 'call_a', content: '1' },
      { role: 'tool', tool_call_id: 'call_b', content: '2' },
    ]);
    assert.equal(await engine.messagesWaiting(), 0);
  });
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { cancelRun } from '../../shared/engine/cancel-run.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import type { Turn } from '../support/scripted-turn.ts';
import { aFunction, assertUsable, outline, place, stored, textOf } from './scenario.ts';

describe('a model that does not simply answer', () => {
  let engine: TestEngine;
  before(async () => {
    engine = await testEngine();
  });
  beforeEach(() => engine.model.reset());
  after(async () => {
    await engine[Symbol.asyncDispose]();
  });

  /** Runs these turns to the end. */
  async function play(turns: readonly Turn[], options: Parameters<TestEngine['aRun']>[0] = {}) {
    engine.model.add(...turns);
    const run = await engine.aRun(options);
    await engine.pump();
    engine.model.assertDone();
    assert.equal(await engine.messagesWaiting(), 0);
    const all = await stored(engine, run);
    assert.equal(all.activeRunId, '');
    return { ...all, ids: run, answers: all.messages.filter(({ object }) => object.run_id === run.runId) };
  }

  const busy: Turn = { error: { status: 429, headers: { 'retry-after': '0' } } };

  it('a storm of 429 is waited out as long as the model asks', async () => {
    const since = performance.now();
    const storm = Array.from({ length: 8 }, () => busy);
    const patient: Turn = { error: { status: 429, headers: { 'retry-after': '1' } } };
    const { run, answers } = await play([...storm, patient, { text: 'at last' }]);
    assert.equal(run.object.status, 'completed');
    assert.deepEqual(answers.map(textOf), ['at last']);
    assert.ok(performance.now() - since >= 1000);
  });

  it('one that says "at once" and means it not is not asked in a tight loop', async () => {
    engine.model.add(...Array.from({ length: 500 }, () => busy));
    const run = await engine.aRun();
    const pumping = engine.pump();
    await engine.model.received(6);
    await delay(1500);
    const asked = engine.model.requests.length;
    engine.model.reset();
    engine.model.add({ text: 'at last' });
    await pumping;
    assert.ok(asked <= 9, `asked ${asked} times within 1.5 s of the sixth time`);
    assert.equal((await stored(engine, run)).run.object.status, 'completed');
  });

  it('a broken answer is tried again, and told in words when it stays one', async () => {
    const broken: Turn = { pieces: ['Hel', { raw: 'data: null\n\n' }] };
    const { run, answers } = await play([broken, { text: 'Hello' }]);
    assert.equal(run.object.status, 'completed');
    assert.deepEqual(answers.map(textOf), ['Hello']);
  });

  it('an answer without end leaves the run incomplete, with as much of it as is taken', async () => {
    const { run, answers } = await play([{ text: Array.from({ length: 21 }, () => 'x'.repeat(50_000)) }]);
    assert.deepEqual(
      [run.object.status, run.object.incomplete_details, answers.map((one) => textOf(one).length)],
      ['incomplete', { reason: 'max_completion_tokens' }, [1_000_000]],
    );
    assert.equal(answers[0]?.object.status, 'incomplete');
  });

  it('errors of the server are tried again, and so is a connection that drops in the middle', async () => {
    const { run, steps, answers } = await play([
      { error: { status: 500 } },
      { text: ['Hel'], pieces: ['drop'] },
      { text: 'Hello' },
    ]);
    assert.equal(run.object.status, 'completed');
    assert.deepEqual(answers.map(textOf), ['Hello']);
    assert.deepEqual(outline(steps), ['message_creation completed']);
    assert.equal(run.object.usage?.total_tokens, 15);
  });

  it('an attempt that broke off leaves nothing, of whatever kind the next answer is', async () => {
    const tools = [aFunction()];
    const called: Turn = { toolCalls: [{ name: 'f', arguments: '{"a":' }], pieces: ['drop'] };
    const words = await play([called, { text: 'no call' }], { assistant: { tools } });
    assert.deepEqual(outline(words.steps), ['message_creation completed']);
    assert.deepEqual(words.answers.map(textOf), ['no call']);

    engine.model.add(
      { text: 'words', pieces: ['drop'] },
      { toolCalls: [{ name: 'f', arguments: '{}', id: 'call_a' }] },
    );
    const run = await engine.aRun({ assistant: { tools } });
    await engine.pump();
    const waiting = await stored(engine, run);
    assert.equal(waiting.run.object.status, 'requires_action');
    assert.deepEqual(outline(waiting.steps), ['tool_calls in_progress']);
    assert.deepEqual(waiting.messages.map(textOf), ['Hello']);
    await cancelRun(engine.services, place(run));
  });

  it('a request that it rejects fails the run at once with its words', async () => {
    const message = 'The model `nope` does not exist.';
    const { run, ids, steps } = await play([
      { error: { status: 404, body: { error: { message, type: 'invalid_request_error', code: 'x' } } } },
    ]);
    assert.equal(run.object.status, 'failed');
    assert.ok(run.object.last_error?.message.includes(message));
    assert.ok(run.object.failed_at);
    assert.deepEqual(steps, []);
    await assertUsable(engine, ids);
  });

  it('a prompt that it rejects is an invalid prompt', async () => {
    const error = { message: 'too long', type: 'invalid_request_error', code: 'context_length_exceeded' };
    const { run } = await play([{ error: { status: 400, body: { error } } }]);
    assert.equal(run.object.status, 'failed');
    assert.equal(run.object.last_error?.code, 'invalid_prompt');
  });

  it('one that never answers again fails the run, and what it wrote stays', async () => {
    const down: Turn = { error: { status: 503, headers: { 'retry-after': '0' } } };
    const { run, steps, answers } = await play([
      { text: 'Half', pieces: ['drop'] },
      ...Array.from({ length: 5 }, () => down),
    ]);
    assert.equal(run.object.status, 'failed');
    assert.equal(run.object.last_error?.code, 'server_error');
    assert.deepEqual(outline(steps), ['message_creation failed']);
    assert.equal(steps[0]?.object.last_error?.code, 'server_error');
    assert.equal(answers[0]?.object.incomplete_details?.reason, 'run_failed');
    assert.equal(textOf(answers[0]), 'Half');
  });

  it('a refusal is content of the message', async () => {
    const { run, answers } = await play([
      { pieces: [{ delta: { refusal: 'I will' } }, { delta: { refusal: ' not.' } }] },
    ]);
    assert.equal(run.object.status, 'completed');
    assert.deepEqual(answers[0]?.object.content, [{ type: 'refusal', refusal: 'I will not.' }]);
  });

  it('an answer cut off by its length makes the run incomplete', async () => {
    const { run, steps, answers, ids } = await play([{ text: 'and then', finish: 'length' }]);
    assert.equal(run.object.status, 'incomplete');
    assert.deepEqual(run.object.incomplete_details, { reason: 'max_completion_tokens' });
    assert.equal(answers[0]?.object.status, 'incomplete');
    assert.equal(answers[0]?.object.incomplete_details?.reason, 'max_tokens');
    assert.deepEqual(outline(steps), ['message_creation completed']);
    await assertUsable(engine, ids);
  });

  it('calls cut off by their length are not made', async () => {
    const { run, steps, answers } = await play(
      [{ toolCalls: [{ name: 'f', arguments: '{"a": 1' }], finish: 'length' }],
      { assistant: { tools: [aFunction()] } },
    );
    assert.equal(run.object.status, 'incomplete');
    assert.deepEqual(outline(steps), ['tool_calls cancelled']);
    assert.deepEqual(answers, []);
  });

  it('an answer that a filter stopped makes the run incomplete', async () => {
    const { run, answers } = await play([{ text: 'You', finish: 'content_filter' }]);
    assert.equal(run.object.status, 'incomplete');
    assert.equal(answers[0]?.object.incomplete_details?.reason, 'content_filter');
  });

  it('a budget of completion tokens is passed on, and ends the run when it is used up', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 200 };
    const { run, steps } = await play([{ toolCalls: [{ name: 'invented', arguments: '{}' }], usage }], {
      run: { max_completion_tokens: 200 },
    });
    assert.equal(engine.model.requests[0]?.body.max_completion_tokens, 200);
    assert.equal(run.object.status, 'incomplete');
    assert.deepEqual(run.object.incomplete_details, { reason: 'max_completion_tokens' });
    assert.deepEqual(outline(steps), ['tool_calls completed']);
    assert.equal(run.object.usage?.completion_tokens, 200);
  });

  it('what is left of the budget is what the next call gets', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 150 };
    await play([{ toolCalls: [{ name: 'invented', arguments: '{}' }], usage }, { text: 'ok' }], {
      run: { max_completion_tokens: 200 },
    });
    assert.equal(engine.model.requests[1]?.body.max_completion_tokens, 50);
  });

  it('a budget of prompt tokens ends the run when it is used up', async () => {
    const usage = { prompt_tokens: 300, completion_tokens: 10 };
    const { run } = await play([{ toolCalls: [{ name: 'invented', arguments: '{}' }], usage }], {
      run: { max_prompt_tokens: 300 },
    });
    assert.equal(run.object.status, 'incomplete');
    assert.deepEqual(run.object.incomplete_details, { reason: 'max_prompt_tokens' });
  });

  it('a prompt beyond its budget is never sent', async () => {
    const { run, ids } = await play([], { text: 'word '.repeat(400), run: { max_prompt_tokens: 256 } });
    assert.equal(run.object.status, 'incomplete');
    assert.deepEqual(run.object.incomplete_details, { reason: 'max_prompt_tokens' });
    assert.equal(engine.model.requests.length, 0);
    await assertUsable(engine, ids);
  });

  it('a call of a tool that the run does not have is answered, not handed to the caller', async () => {
    const { run, steps } = await play([
      { toolCalls: [{ name: 'python', arguments: '{"code":"1"}', id: 'call_a' }] },
      { text: 'sorry' },
    ]);
    assert.equal(run.object.status, 'completed');
    assert.deepEqual(outline(steps), ['tool_calls completed', 'message_creation completed']);
    assert.deepEqual(engine.model.requests[1]?.body.messages.at(-1), {
      role: 'tool',
      tool_call_id: 'call_a',
      content: 'There is no tool named "python".',
    });
  });
});

describe('a model that answers nothing but 429', () => {
  const quota = { message: 'Rate limit reached for gpt-a: Limit 10, Used 10.', code: 'rate_limit_exceeded' };
  const tooMany = (headers: Record<string, string> = {}): Turn => ({
    error: { status: 429, body: { error: quota }, headers },
  });

  async function ask(...turns: Turn[]) {
    await using engine = await testEngine({ MODEL_PATIENCE_SECONDS: '2' });
    engine.model.respond(() => tooMany());
    engine.model.add(...turns);
    const since = performance.now();
    const run = await engine.aRun();
    await engine.pump();
    const all = await stored(engine, run);
    return { ...all, took: performance.now() - since, asked: engine.model.requests.length };
  }

  it('fails the run in the end, with its own words, and the thread is free', async () => {
    const { run, took, asked, activeRunId } = await ask();
    assert.equal(run.object.status, 'failed');
    assert.equal(run.object.last_error?.code, 'rate_limit_exceeded');
    assert.match(run.object.last_error?.message ?? '', /Limit 10, Used 10/);
    assert.equal(activeRunId, '');
    assert.ok(took >= 2000 && asked >= 3, `${asked} times in ${Math.round(took)} ms`);
  });

  it('fails it at once where it says itself that it has no answer before that, and when it will', async () => {
    const { run, asked } = await ask(tooMany({ 'retry-after': '60' }));
    assert.equal(run.object.status, 'failed');
    assert.match(run.object.last_error?.message ?? '', /Used 10\. Please try again in 60s\.$/);
    assert.equal(asked, 1);
  });

  it('is asked again when it says so and that is in time', async () => {
    const { run } = await ask(tooMany({ 'retry-after': '1' }), { text: 'at last' });
    assert.equal(run.object.status, 'completed');
  });

  it('has its time again after every word', async () => {
    const wait = (milliseconds: number) => tooMany({ 'retry-after-ms': String(milliseconds) });
    const dropped: Turn = { text: ['at'], pieces: ['drop'] };
    const { run } = await ask(wait(1500), dropped, wait(300), { text: 'at last' });
    assert.equal(run.object.status, 'completed');
  });
});

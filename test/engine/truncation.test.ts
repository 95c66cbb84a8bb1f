import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type { PromptGroup } from '../../shared/engine/prompt/build-prompt.ts';
import { truncate } from '../../shared/engine/prompt/truncate.ts';
import { countMessageTokens } from '../../shared/model/context.ts';
import type { ChatMessage } from '../../shared/model/model.ts';
import { type RunIds, type TestEngine, testEngine } from '../support/engine.ts';
import { aFunction, giveOutput, stored } from './scenario.ts';

describe('which groups of a conversation are kept', () => {
  /** `m5` is a message of 5 tokens, `t5` a tool call with its output. */
  const group = (name: string): PromptGroup => ({
    messages: [{ role: 'user', content: name }],
    threadMessages: name.startsWith('m') ? 1 : 0,
  });
  const tokensOf = ({ messages }: PromptGroup) => Number(String(messages[0]?.content).slice(1));
  const kept = (names: string, tokens: number, last: number | null, own = 0) =>
    truncate(
      names.split(' ').map(group),
      { strategy: { type: last === null ? 'auto' : 'last_messages', last_messages: last }, tokens },
      tokensOf,
      own,
    )
      .map(({ messages }) => messages[0]?.content)
      .join(' ');

  const rows: [
    what: string,
    groups: string,
    tokens: number,
    last: number | null,
    own: number,
    kept: string,
  ][] = [
    ['all that fit', 'm1 m2 m3', 6, null, 0, 'm1 m2 m3'],
    ['the newest that fit, without gaps', 'm1 m5 m2', 4, null, 0, 'm2'],
    ['the newest though it does not fit', 'm1 m9', 4, null, 0, 'm9'],
    ['what the run did itself though it does not fit', 'm1 m2 t9 t9', 4, null, 2, 't9 t9'],
    ['as many messages as asked for', 'm1 m2 m3', 99, 2, 0, 'm2 m3'],
    ['tool calls belong to the message after them', 'm1 t1 m2 t1 m3', 99, 2, 0, 't1 m2 t1 m3'],
    ['the messages of the run itself do not count', 'm1 m2 m3 t1 m4', 99, 1, 2, 'm3 t1 m4'],
    ['messages asked for that do not fit are left out', 'm3 m3 m3', 6, 3, 0, 'm3 m3'],
  ];
  for (const [what, groups, tokens, last, own, expected] of rows) {
    it(what, () => assert.equal(kept(groups, tokens, last, own), expected));
  }
});

describe('what a model is sent of a long thread', () => {
  const CONTEXT = 1000;
  let engine: TestEngine;
  before(async () => {
    engine = await testEngine({ MODEL_CONTEXT_TOKENS: `scripted=${CONTEXT}` });
  });
  after(async () => {
    await engine[Symbol.asyncDispose]();
  });

  async function ask(options: Parameters<TestEngine['aRun']>[0]): Promise<RunIds & { sent: ChatMessage[] }> {
    engine.model.add({ text: 'ok' });
    const run = await engine.aRun(options);
    await engine.pump();
    assert.equal((await stored(engine, run)).run.object.status, 'completed');
    return { ...run, sent: [...(engine.model.requests.at(-1)?.body.messages ?? [])] };
  }

  const long = (name: string) => `${name} ${'word '.repeat(60)}`;

  it('auto: as many of the newest messages as fit, by real counts, after the instructions', async () => {
    const first = await ask({ text: 'first' });
    for (let i = 0; i < 20; i++) await engine.say(first.threadId, long(`message ${i}`));
    const { sent } = await ask({ threadId: first.threadId, assistant: { instructions: 'Be kind.' } });
    const tokens = await countMessageTokens(sent, 'scripted');
    // A quarter of the context is left for the answer.
    assert.ok(tokens <= CONTEXT * 0.75, `${tokens} tokens`);
    assert.ok(tokens > CONTEXT * 0.75 - 80, `another message would have fitted beside ${tokens} tokens`);
    assert.deepEqual(sent[0], { role: 'system', content: 'Be kind.' });
    assert.equal(sent.at(-1)?.content, long('message 19'));
    const numbers = sent.slice(1).map(({ content }) => Number(/message (\d+)/.exec(String(content))?.[1]));
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, i) => 20 - numbers.length + i),
    );
  });

  it('max_prompt_tokens: no more than the budget, by real counts', async () => {
    const first = await ask({ text: 'first' });
    for (let i = 0; i < 10; i++) await engine.say(first.threadId, long(`message ${i}`));
    const { sent } = await ask({ threadId: first.threadId, run: { max_prompt_tokens: 256 } });
    const tokens = await countMessageTokens(sent, 'scripted');
    assert.ok(tokens <= 256 && sent.length === 3, `${sent.length} messages, ${tokens} tokens`);
  });

  it('last_messages: that many, and the calls between them with their outputs', async () => {
    engine.model.add({ toolCalls: [{ name: 'f', arguments: '{}', id: 'call_a' }] }, { text: 'called' });
    const run = await engine.aRun({ text: 'call it', assistant: { tools: [aFunction()] } });
    await engine.pump();
    await giveOutput(engine, run, 'output');
    await engine.pump();
    await engine.say(run.threadId, 'and now');
    const strategy = (last_messages: number) => ({
      threadId: run.threadId,
      run: { truncation_strategy: { type: 'last_messages' as const, last_messages } },
    });
    const two = await ask(strategy(2));
    assert.deepEqual(
      two.sent.map(({ role, content }) => `${role} ${content}`),
      ['assistant null', 'tool output', 'assistant called', 'user and now'],
    );
    await engine.say(run.threadId, 'and then');
    const one = await ask(strategy(1));
    assert.deepEqual(
      one.sent.map(({ content }) => content),
      ['and then'],
    );
  });
});

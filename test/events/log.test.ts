import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RunRecord } from '../../shared/api/run.ts';
import type { EventLogs } from '../../shared/events/event-log.ts';
import { textDelta } from '../../shared/run/delta-events.ts';
import type { NumberedEvent, RunEvent, SavedRun } from '../../shared/run/run-event.ts';
import { aRun } from '../engine/records.ts';
import { testStorage } from '../support/azurite.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';

describe('the event log of a run', () => {
  let proxy: FaultProxy;
  let engine: TestEngine;
  let logs: EventLogs;
  before(async () => {
    proxy = await startFaultProxy((await testStorage()).connectionString);
    engine = await testEngine({ AzureWebJobsStorage: proxy.connectionString });
    logs = engine.services.events;
  });
  after(async () => {
    await engine[Symbol.asyncDispose]();
    await proxy.stop();
  });

  const streamed = (): RunRecord =>
    aRun({ object: { status: 'in_progress', started_at: 1 }, work: { stream: true } });
  const saved = (run: RunRecord): SavedRun => ({ run, steps: [], messages: [] });
  const say = (text: string, place = 0): RunEvent => textDelta('msg_1', place, text, false);
  const appends = () => proxy.requests.filter(({ kind }) => kind === 'blob append').length;

  async function read({ object }: RunRecord): Promise<NumberedEvent[]> {
    const reader = logs.reader(object.thread_id, object.id);
    const all: NumberedEvent[] = [];
    for (let events = await reader.read(); events.length > 0; events = await reader.read()) {
      all.push(...events);
    }
    return all;
  }

  const textIn = (events: readonly NumberedEvent[]): string =>
    events
      .flatMap(({ event }) =>
        event.event === 'thread.message.delta' ? (event.data.delta.content ?? []) : [],
      )
      .map((part) => (part.type === 'text' ? part.text?.value : ''))
      .join('');

  it('has what was reported, soon, in far fewer writes than events', async () => {
    const run = streamed();
    const stream = logs.stream(run);
    const before = appends();
    stream.catchUp(saved(run));
    for (let n = 0; n < 200; n++) stream.tell([say(`${n} `)]);
    const logged = await eventually('the log', async () => {
      const events = await read(run);
      return events.length === 203 && events;
    });
    assert.deepEqual(
      logged.slice(0, 3).map(({ event }) => event.event),
      ['thread.run.created', 'thread.run.queued', 'thread.run.in_progress'],
    );
    assert.ok(appends() - before <= 3, `${appends() - before} writes`);
  });

  it('keeps events that are larger than one read, and characters of several bytes', async () => {
    const run = streamed();
    const stream = logs.stream(run);
    const texts = ['ä€😀'.repeat(150_000), 'x'.repeat(300_000), 'short'];
    for (const [place, text] of texts.entries()) stream.tell([say(text, place)]);
    await stream.close();
    assert.equal(textIn(await read(run)), texts.join(''));
  });

  it('is continued by the worker that took the run over, and by nobody else', async () => {
    const run = streamed();
    const first = logs.stream(run);
    first.catchUp(saved(run));
    first.tell([say('one ')]);
    await first.close();
    const second = logs.stream(run);
    await second.resume(saved(run));
    first.tell([say('never logged ')]);
    await first.close();
    second.restart();
    for (const text of ['one ', 'two ', 'three']) second.tell([say(text)]);
    await second.close();
    const events = await read(run);
    assert.equal(textIn(events), 'one two three');
    assert.equal(events.length, 6, 'nothing is told twice');
    const ids = events.map(({ id }) => id);
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((a, b) => a - b),
    );
  });

  it('a worker that writes while another takes over is seen, or shut out', async () => {
    for (let round = 0; round < 5; round++) {
      const run = streamed();
      const [first, second] = [logs.stream(run), logs.stream(run)];
      first.catchUp(saved(run));
      first.tell([say('one ')]);
      await Promise.all([first.close(), second.resume(saved(run))]);
      for (const text of ['one ', 'two']) second.tell([say(text)]);
      await second.close();
      assert.equal(textIn(await read(run)), 'one two');
    }
  });

  it('has each line once when the answer to an append is lost', async () => {
    const run = streamed();
    const stream = logs.stream(run);
    stream.tell([say('one ')]);
    await stream.close();
    let lost = 0;
    proxy.fault = ({ kind }) => (kind === 'blob append' && lost++ === 0 ? 'lose-answer' : undefined);
    stream.tell([say('two ')]);
    await stream.close();
    proxy.fault = () => undefined;
    stream.tell([say('three')]);
    await stream.close();
    assert.ok(lost > 1);
    assert.equal(textIn(await read(run)), 'one two three');
  });

  it('a log that cannot be written stops nothing', async () => {
    const run = streamed();
    const stream = logs.stream(run);
    proxy.fault = ({ kind }) => (kind === 'blob append' ? 'conflict' : undefined);
    stream.tell([say('one')]);
    await stream.close();
    proxy.fault = () => undefined;
    stream.tell([say('two')]);
    await stream.close();
    assert.deepEqual(await read(run), []);
  });
});

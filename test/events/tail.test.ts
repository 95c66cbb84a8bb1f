import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type { RunRecord } from '../../shared/api/run.ts';
import type { EventLogs } from '../../shared/events/event-log.ts';
import { keepAlive } from '../../shared/events/sse.ts';
import { tail } from '../../shared/events/tail.ts';
import { textDelta } from '../../shared/run/delta-events.ts';
import type { SavedRun } from '../../shared/run/run-event.ts';
import { aRun } from '../engine/records.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';

describe('following the log of a run', { concurrency: true }, () => {
  let engine: TestEngine;
  let logs: EventLogs;
  before(async () => {
    engine = await testEngine();
    logs = engine.services.events;
  });
  after(() => engine[Symbol.asyncDispose]());

  const live = (): RunRecord =>
    aRun({ object: { status: 'in_progress', started_at: 1 }, work: { stream: true } });
  const as = (run: RunRecord, status: RunRecord['object']['status']): SavedRun => ({
    run: { ...run, object: { ...run.object, status } },
    steps: [],
    messages: [],
  });

  /** Follows while what is saved of the run is what `now` says. */
  function follow(
    run: RunRecord,
    now: () => SavedRun | undefined,
    changes: { after?: number; signal?: AbortSignal; keepAliveMs?: number } = {},
  ) {
    return tail({
      run: run.object,
      read: () => logs.reader(run.object.thread_id, run.object.id, changes.signal),
      after: -1,
      status: async () => now()?.run.object.status,
      load: async () => now(),
      signal: new AbortController().signal,
      ...changes,
    });
  }

  async function eventsOf(stream: AsyncIterable<string>): Promise<string[]> {
    let text = '';
    for await (const piece of stream) text += piece;
    return [...text.matchAll(/^event: (.*)$/gm)].map((match) => match[1]!.replace('thread.', ''));
  }

  it('waits for a log that is not there yet, and for what comes next', async () => {
    const run = live();
    const all = eventsOf(follow(run, () => as(run, 'in_progress')));
    const stream = logs.stream(run);
    stream.catchUp(as(run, 'in_progress'));
    await stream.close();
    stream.tell([textDelta('msg_1', 0, 'Hello', true)]);
    stream.tell([{ event: 'thread.run.completed', data: as(run, 'completed').run.object }]);
    await stream.close();
    assert.deepEqual(await all, [
      'run.created',
      'run.queued',
      'run.in_progress',
      'message.delta',
      'run.completed',
      'done',
    ]);
  });

  it('tells what is saved where a worker died before it wrote', async () => {
    const run = live();
    const stream = logs.stream(run);
    stream.catchUp(as(run, 'in_progress'));
    await stream.close();
    const all = await eventsOf(follow(run, () => as(run, 'failed')));
    assert.deepEqual(all, ['run.created', 'run.queued', 'run.in_progress', 'run.failed', 'done']);
  });

  it('ends when its thread is deleted', async () => {
    assert.deepEqual(await eventsOf(follow(live(), () => undefined)), ['run.cancelled', 'done']);
  });

  it('ends where the run waits for its caller; who has seen that is told what comes after', async () => {
    const run = live();
    const stream = logs.stream(run);
    stream.catchUp(as(run, 'in_progress'));
    stream.tell([{ event: 'thread.run.requires_action', data: as(run, 'requires_action').run.object }]);
    await stream.close();
    let now = as(run, 'requires_action');
    const first = await eventsOf(follow(run, () => now));
    assert.deepEqual(first, ['run.created', 'run.queued', 'run.in_progress', 'run.requires_action', 'done']);

    const rest = eventsOf(follow(run, () => now, { after: 3_000_000_000 }));
    now = as(run, 'cancelled');
    await logs.tellSaved(now);
    assert.deepEqual(await rest, ['run.cancelling', 'run.cancelled', 'done']);
  });

  it('passes over waits of the past', async () => {
    const run = live();
    const stream = logs.stream(run);
    stream.catchUp(as(run, 'in_progress'));
    stream.tell([{ event: 'thread.run.requires_action', data: as(run, 'requires_action').run.object }]);
    await stream.close();
    const all = eventsOf(follow(run, () => as(run, 'in_progress')));
    stream.tell([{ event: 'thread.run.queued', data: as(run, 'queued').run.object }]);
    stream.tell([{ event: 'thread.run.in_progress', data: as(run, 'in_progress').run.object }]);
    stream.tell([{ event: 'thread.run.completed', data: as(run, 'completed').run.object }]);
    await stream.close();
    assert.equal(
      (await all).join(),
      'run.created,run.queued,run.in_progress,run.requires_action,run.queued,run.in_progress,run.completed,done',
    );
  });

  it('begins in the middle of a delta where the client has its first half', async () => {
    const run = live();
    const stream = logs.stream(run);
    stream.catchUp(as(run, 'in_progress'));
    stream.tell([textDelta('msg_1', 0, 'Hello there', true)]);
    stream.tell([{ event: 'thread.run.completed', data: as(run, 'completed').run.object }]);
    await stream.close();
    let text = '';
    for await (const piece of follow(run, () => undefined, { after: 2_000_000_006 })) text += piece;
    assert.match(text, /"value":"there"\}/);
    assert.equal(text.includes('Hello'), false);
  });

  it('holds an idle connection open, and stops when the client leaves', async () => {
    const run = live();
    const client = new AbortController();
    const stream = follow(run, () => as(run, 'in_progress'), { signal: client.signal, keepAliveMs: 30 });
    assert.equal((await stream.next()).value, keepAlive);
    assert.equal((await stream.next()).value, keepAlive);
    const next = stream.next();
    client.abort(new Error('left'));
    await assert.rejects(next);
  });
});

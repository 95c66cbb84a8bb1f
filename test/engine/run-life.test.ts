import assert from 'node:assert/strict';
import { it } from 'node:test';

import fc from 'fast-check';
import type { MessageRecord } from '../../shared/api/message.ts';
import type { RunRecord } from '../../shared/api/run.ts';
import type { RunStepRecord, ToolCall } from '../../shared/api/run-step.ts';
import { completeWhenDone } from '../../shared/engine/run-tool-calls.ts';
import { decide, type RunEnd } from '../../shared/run/decide.ts';
import { endRun } from '../../shared/run/end-run.ts';
import {
  awaitingOutputs,
  cancelling,
  claimed,
  isAttended,
  isClaimable,
  isExpired,
  queuedAgain,
  renewed,
  unattended,
} from '../../shared/run/run-changes.ts';
import { ImpossibleTransition, isTerminal } from '../../shared/run/run-state.ts';
import { isOpen, toolCallsOf } from '../../shared/run/steps.ts';
import {
  aHalfMessage,
  aRun,
  aToolStep,
  codeCall,
  functionCall,
  NOW,
  searchCall,
  seconds,
} from './records.ts';

/**
 * A run's whole life with the engine's own pure functions, in an order that chance decides: what workers,
 * callers, clocks and the poison queue do to it. After every event it must be in order.
 */
const LEASE_MS = 30_000;
const receipt = { messageId: 'm', popReceipt: 'p' };
const required = { type: 'submit_tool_outputs' as const, submit_tool_outputs: { tool_calls: [] } };

class Life {
  run: RunRecord = aRun();
  steps: RunStepRecord[] = [];
  messages: MessageRecord[] = [];
  now = NOW;
  unlocks = 0;
  /** The run as it was when it ended. */
  end: RunRecord | undefined;

  finish(end: RunEnd): void {
    const ending = endRun(this.run, end, this.steps, this.messages, seconds(this.now));
    this.run = ending.run;
    for (const step of ending.steps) this.put(step);
    this.messages = this.messages.map(
      (one) => ending.messages.find(({ object }) => object.id === one.object.id) ?? one,
    );
    // Written in the same transaction as the run's end.
    this.unlocks += 1;
    this.end ??= this.run;
  }

  put(step: RunStepRecord): void {
    const index = this.steps.findIndex(({ object }) => object.id === step.object.id);
    if (index < 0) this.steps.push(step);
    else this.steps[index] = step;
  }

  /** What a worker does next; only one that holds the lease may. */
  work(calls: readonly ToolCall[], ends: boolean): void {
    const next = decide(this.run, this.steps, seconds(this.now));
    switch (next.type) {
      case 'call-model':
        if (calls.length > 0) this.put(aToolStep(this.run, this.steps.length, calls));
        else this.write(ends);
        break;
      case 'run-code':
      case 'search-files':
        this.result(next.step, [next.call.id]);
        break;
      case 'refuse-calls':
        this.result(
          next.step,
          next.calls.map(({ id }) => id),
        );
        break;
      case 'complete-step':
        this.put(completeWhenDone(next.step, seconds(this.now)));
        break;
      case 'wait-for-outputs':
        this.run = awaitingOutputs(this.run, required, receipt, this.now);
        break;
      case 'finish':
        this.finish(next.end);
        break;
      case 'leave':
        break;
    }
  }

  /** Begins a message, or goes on with it. */
  write(ends: boolean): void {
    if (this.messages.every(({ object }) => object.status !== 'in_progress')) {
      const { message, step } = aHalfMessage(this.run, this.steps.length);
      this.messages.push(message);
      this.put(step);
    }
    if (ends) this.finish({ status: 'completed' });
  }

  result(step: RunStepRecord, ids: readonly string[]): void {
    const results = { ...step.results, ...Object.fromEntries(ids.map((id) => [id, { text: 'x' }])) };
    this.put(completeWhenDone({ ...step, results }, seconds(this.now)));
  }

  get attended(): boolean {
    return isAttended(this.run, this.now);
  }

  check(): void {
    const { object, work } = this.run;
    const terminal = isTerminal(object.status);
    assert.equal(this.unlocks, terminal ? 1 : 0, 'the thread is unlocked once, by the end');
    assert.equal(object.expires_at === null, terminal);
    assert.equal(object.usage === null, !terminal);
    assert.equal(object.required_action !== null, object.status === 'requires_action');
    assert.equal(object.completed_at !== null, object.status === 'completed');
    assert.equal(object.failed_at !== null, object.status === 'failed');
    assert.equal(object.cancelled_at !== null, object.status === 'cancelled');
    assert.equal(object.last_error !== null, object.status === 'failed');
    assert.equal(object.incomplete_details !== null, object.status === 'incomplete');
    if (['in_progress', 'requires_action', 'completed', 'incomplete'].includes(object.status))
      assert.notEqual(object.started_at, null);
    if (!terminal) return;
    assert.deepEqual(this.run, this.end, 'an end is final');
    assert.equal(work.leaseOwner, '');
    assert.deepEqual(this.steps.filter(isOpen), []);
    assert.ok(this.messages.every((message) => message.object.status !== 'in_progress'));
    for (const { object: step } of this.steps) {
      const times = [step.completed_at, step.cancelled_at, step.failed_at, step.expired_at];
      assert.equal(times.filter((time) => time !== null).length, 1, 'a step has one time of its end');
    }
  }
}

interface Event extends fc.Command<object, Life> {}

/** An event that is only possible when `possible`; where it is not, the engine refuses it too. */
const event = (name: string, possible: (life: Life) => boolean, happen: (life: Life) => void): Event => ({
  check: () => true,
  run(_model, life) {
    if (possible(life)) happen(life);
    life.check();
  },
  toString: () => name,
});

/** An end that comes whatever the run's state is: refused, or the one and only. */
const anyEnd = (end: RunEnd): Event => ({
  check: () => true,
  run(_model, life) {
    if (isTerminal(life.run.object.status)) {
      assert.throws(() => life.finish(end), ImpossibleTransition);
    } else {
      const { status } = life.run.object;
      const waits = status === 'queued' || status === 'requires_action';
      // Only a worker completes a run, and workers take it first.
      if (waits && (end.status === 'completed' || end.status === 'incomplete')) return;
      life.finish(end);
    }
    life.check();
  },
  toString: () => `end ${end.status}`,
});

const attended = ({ attended: yes }: Life) => yes;
let ids = 0;
const call = fc.constantFrom(
  () => codeCall(`c${++ids}`),
  () => searchCall(`s${++ids}`),
  () => functionCall(`f${++ids}`),
  () => functionCall(`u${++ids}`, 'unknown'),
);

const claim = fc.constant(
  event(
    'claim',
    ({ run, now }) => isClaimable(run, now),
    (life) => {
      life.run = claimed(life.run, { owner: `o${++ids}`, now: life.now, leaseMs: LEASE_MS }, receipt);
    },
  ),
);
const work = fc.tuple(fc.array(call, { maxLength: 3 }), fc.boolean()).map(([calls, ends]) =>
  event(`work ${calls.length}`, attended, (life) =>
    life.work(
      calls.map((make) => make()),
      ends,
    ),
  ),
);

const events = [
  // Mostly a run gets on.
  ...Array.from({ length: 4 }, () => claim),
  ...Array.from({ length: 12 }, () => work),
  fc.constant(
    event('renew', attended, (life) => {
      life.run = renewed(life.run, life.now + LEASE_MS, receipt);
    }),
  ),
  fc.constant(
    event('hand over', attended, (life) => {
      life.run = unattended(life.run, life.now + LEASE_MS);
    }),
  ),
  fc.constant(
    event(
      'cancel',
      ({ run }) => !isTerminal(run.object.status),
      (life) => {
        if (!life.attended) life.finish({ status: 'cancelled' });
        else if (life.run.object.status !== 'cancelling') life.run = cancelling(life.run, life.now);
      },
    ),
  ),
  fc.constant(
    event(
      'outputs',
      ({ run, now }) => run.object.status === 'requires_action' && !isExpired(run, now),
      (life) => {
        const step = life.steps.find(isOpen);
        assert.ok(step, 'a waiting run has an open step');
        const waiting = toolCallsOf(step).filter(({ id }) => step.results[id] === undefined);
        life.result(
          step,
          waiting.map(({ id }) => id),
        );
        const expected = life.now + LEASE_MS;
        life.run = queuedAgain(life.run, {
          watchdog: receipt,
          streamSince: undefined,
          expected,
          now: life.now,
        });
      },
    ),
  ),
  fc.integer({ min: 1, max: 400 }).map((passed) =>
    event(
      `${passed} s pass`,
      () => true,
      (life) => {
        life.now += passed * 1000;
      },
    ),
  ),
  fc.constant(
    event(
      'a watchdog finds it expired',
      ({ run, now, attended: busy }) => isExpired(run, now) && !busy && !isTerminal(run.object.status),
      (life) => life.finish({ status: 'expired' }),
    ),
  ),
  fc
    .constantFrom<RunEnd>(
      { status: 'failed', lastError: { code: 'server_error', message: 'given up' } },
      { status: 'cancelled' },
      { status: 'expired' },
      { status: 'completed' },
      { status: 'incomplete', incompleteReason: 'max_prompt_tokens' },
    )
    .map(anyEnd),
];

it('no sequence of events leaves an end, loses a time or unlocks twice', () => {
  fc.assert(
    fc.property(fc.commands(events, { maxCommands: 40, size: '+1' }), (commands) => {
      fc.modelRun(() => ({ model: {}, real: new Life() }), commands);
    }),
    { numRuns: 1500 },
  );
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { RunStatus } from '../../shared/api/run.ts';
import { decide, type NextStep, type RunEnd } from '../../shared/run/decide.ts';
import { endRun } from '../../shared/run/end-run.ts';
import { isClaimable, isOverdue } from '../../shared/run/run-changes.ts';
import { ImpossibleTransition, isTerminal, transition, transitions } from '../../shared/run/run-state.ts';
import { aHalfMessage, aRun, aToolStep, codeCall, functionCall, NOW, seconds } from './records.ts';

const statuses = Object.keys(transitions) as RunStatus[];
const at = seconds(NOW) + 5;

describe('the states of a run', () => {
  const allowed: Record<RunStatus, string> = {
    queued: 'in_progress cancelling cancelled failed expired',
    in_progress: 'requires_action cancelling cancelled failed completed incomplete expired',
    requires_action: 'queued cancelling cancelled failed expired',
    cancelling: 'cancelled',
    cancelled: '',
    failed: '',
    completed: '',
    incomplete: '',
    expired: '',
  };
  for (const from of statuses) {
    it(`${from} may become ${allowed[from] || 'nothing else'}`, () => {
      for (const to of statuses) {
        const step = () => transition(aRun({ object: { status: from } }).object, to, at);
        if (allowed[from].split(' ').includes(to)) assert.equal(step().status, to);
        else assert.throws(step, ImpossibleTransition, `${from} → ${to}`);
      }
    });
  }

  const times: Record<string, object> = {
    in_progress: { started_at: at, completed_at: null, failed_at: null, cancelled_at: null },
    completed: { completed_at: at, failed_at: null, cancelled_at: null, expires_at: null },
    failed: { failed_at: at, completed_at: null, cancelled_at: null, expires_at: null },
    cancelled: { cancelled_at: at, completed_at: null, failed_at: null, expires_at: null },
    expired: { completed_at: null, failed_at: null, cancelled_at: null, expires_at: null },
    incomplete: { completed_at: null, failed_at: null, cancelled_at: null, expires_at: null },
  };
  for (const [status, expected] of Object.entries(times)) {
    it(`has the times of ${status}`, () => {
      const from = status === 'in_progress' ? 'queued' : 'in_progress';
      const run = transition(aRun({ object: { status: from } }).object, status as RunStatus, at);
      const { started_at, completed_at, failed_at, cancelled_at, expires_at } = run;
      assert.deepEqual(
        { started_at, completed_at, failed_at, cancelled_at, expires_at },
        { started_at, completed_at, failed_at, cancelled_at, expires_at, ...expected },
      );
    });
  }
});

describe('what a run asks for next', () => {
  const run = aRun({ object: { status: 'in_progress' } });
  const open = aToolStep(run, 0, [codeCall('a'), functionCall('b'), functionCall('c', 'unknown')]);
  const answered = (...ids: string[]) => ({
    ...open,
    results: Object.fromEntries(ids.map((id) => [id, { text: '' }])),
  });
  const rows: [string, NextStep['type'], () => NextStep][] = [
    ['nothing done yet', 'call-model', () => decide(run, [], at)],
    ['code before functions', 'run-code', () => decide(run, [open], at)],
    ['functions that it does not have', 'refuse-calls', () => decide(run, [answered('a')], at)],
    ['functions of the caller', 'wait-for-outputs', () => decide(run, [answered('a', 'c')], at)],
    ['all outputs there', 'complete-step', () => decide(run, [answered('a', 'b', 'c')], at)],
    ['its time is up', 'finish', () => decide(run, [open], run.object.expires_at ?? 0)],
    [
      'cancelled',
      'finish',
      () => decide({ ...run, object: { ...run.object, status: 'cancelling' } }, [], at),
    ],
    ['ended', 'leave', () => decide({ ...run, object: { ...run.object, status: 'failed' } }, [open], at)],
    [
      'as many steps as a run may have',
      'finish',
      () =>
        decide(
          run,
          Array.from({ length: 1000 }, (_, i) => ({
            ...answered('a', 'b', 'c'),
            object: { ...aToolStep(run, i, []).object, status: 'completed' as const },
          })),
          at,
        ),
    ],
  ];
  for (const [when, expected, next] of rows) {
    it(`${when}: ${expected}`, () => assert.equal(next().type, expected));
  }

  for (const budget of ['max_completion_tokens', 'max_prompt_tokens'] as const) {
    it(`${budget} used up: incomplete, but only when the model is wanted again`, () => {
      const usage = { prompt_tokens: 300, completion_tokens: 300, total_tokens: 600 };
      const spent = aRun({ object: { status: 'in_progress', [budget]: 300 }, work: { usage } });
      assert.deepEqual(decide(spent, [], at), {
        type: 'finish',
        end: { status: 'incomplete', incompleteReason: budget },
      });
      assert.equal(decide(spent, [aToolStep(spent, 0, [codeCall('a')])], at).type, 'run-code');
    });
  }
});

describe('how a run ends', () => {
  const lastError = { code: 'invalid_prompt' as const, message: 'too long' };
  const rows: {
    end: RunEnd;
    message: string;
    reason: string | null;
    messageStep: string;
    toolStep: string;
  }[] = [
    {
      end: { status: 'completed' },
      message: 'completed',
      reason: null,
      messageStep: 'completed',
      toolStep: 'cancelled',
    },
    {
      end: { status: 'cancelled' },
      message: 'incomplete',
      reason: 'run_cancelled',
      messageStep: 'cancelled',
      toolStep: 'cancelled',
    },
    {
      end: { status: 'expired' },
      message: 'incomplete',
      reason: 'run_expired',
      messageStep: 'expired',
      toolStep: 'expired',
    },
    {
      end: { status: 'failed', lastError },
      message: 'incomplete',
      reason: 'run_failed',
      messageStep: 'failed',
      toolStep: 'failed',
    },
    {
      end: { status: 'incomplete', incompleteReason: 'max_completion_tokens' },
      message: 'incomplete',
      reason: 'max_tokens',
      messageStep: 'completed',
      toolStep: 'cancelled',
    },
    {
      end: { status: 'incomplete', incompleteReason: 'content_filter' },
      message: 'incomplete',
      reason: 'content_filter',
      messageStep: 'completed',
      toolStep: 'cancelled',
    },
  ];
  for (const row of rows) {
    const name = row.end.incompleteReason ?? row.end.status;
    it(`${name}: its open steps and its half-written message end with it`, () => {
      const run = aRun({ object: { status: 'in_progress' } });
      const half = aHalfMessage(run, 1);
      const steps = [aToolStep(run, 0, [codeCall('a')]), half.step];
      const ending = endRun(run, row.end, steps, [half.message], at);
      assert.deepEqual(
        ending.steps.map(({ object }) => object.status),
        [row.toolStep, row.messageStep],
      );
      assert.equal(ending.messages[0]?.object.status, row.message);
      assert.equal(ending.messages[0]?.object.incomplete_details?.reason ?? null, row.reason);
      assert.equal(ending.run.object.status, row.end.status);
      assert.equal(ending.run.work.leaseOwner, '');
      assert.deepEqual(ending.events.at(-1), {
        event: `thread.run.${row.end.status}`,
        data: ending.run.object,
      });
    });
  }

  it('a run that is being cancelled ends as cancelled, whatever else happened to it', () => {
    for (const { end } of rows) {
      const run = aRun({ object: { status: 'cancelling' } });
      const half = aHalfMessage(run, 0);
      const ending = endRun(run, end, [half.step], [half.message], at);
      assert.equal(ending.run.object.status, 'cancelled');
      assert.equal(ending.messages[0]?.object.incomplete_details?.reason, 'run_cancelled');
    }
  });

  it('never twice', () => {
    for (const status of statuses.filter(isTerminal)) {
      for (const { end } of rows) {
        assert.throws(() => endRun(aRun({ object: { status } }), end, [], [], at), ImpossibleTransition);
      }
    }
  });
});

describe('who looks after a run', () => {
  const lease = { leaseOwner: 'somebody', leaseUntil: NOW + 1000 };
  const rows: [RunStatus, object, boolean][] = [
    ['queued', {}, true],
    ['in_progress', lease, false],
    ['in_progress', { ...lease, leaseUntil: NOW }, true],
    ['cancelling', { ...lease, leaseUntil: NOW }, true],
    ['requires_action', {}, false],
    ['completed', {}, false],
  ];
  for (const [status, work, expected] of rows) {
    it(`${status} ${JSON.stringify(work)} ${expected ? 'may' : 'may not'} be taken`, () =>
      assert.equal(isClaimable(aRun({ object: { status }, work }), NOW), expected));
  }

  it('is overdue when nobody came in time, or its expiry passed unseen', () => {
    const late = NOW + 7000;
    assert.equal(isOverdue(aRun({ work: { leaseUntil: NOW } }), late, 5000), true);
    assert.equal(isOverdue(aRun({ work: { leaseUntil: NOW + 3000 } }), late, 5000), false);
    const waiting = { status: 'requires_action', expires_at: seconds(NOW) };
    assert.equal(isOverdue(aRun({ object: waiting }), late, 5000), true);
    assert.equal(isOverdue(aRun({ object: { ...waiting, expires_at: seconds(late) } }), late, 5000), false);
    assert.equal(isOverdue(aRun({ object: { status: 'completed' } }), late, 5000), false);
  });
});

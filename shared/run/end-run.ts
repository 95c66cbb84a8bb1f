import type { MessageRecord } from '../api/message.ts';
import type { Run, RunRecord } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import type { RunEnd } from './decide.ts';
import type { RunEvent } from './run-event.ts';
import { transition } from './run-state.ts';
import { isOpen, messageOf } from './steps.ts';
import { runEnded, stepEnded } from './story.ts';

export interface Ending {
  readonly run: RunRecord;
  /** Steps and messages that change with the run's end. */
  readonly steps: readonly RunStepRecord[];
  readonly messages: readonly MessageRecord[];
  /** In the order in which a stream reports them. */
  readonly events: readonly RunEvent[];
}

/**
 * A run's end and what it means for its open steps and half-written messages. A run that is being cancelled
 * ends as cancelled, whatever else happened to it. Pure.
 * @param now Unix seconds
 */
export function endRun(
  run: RunRecord,
  wanted: RunEnd,
  steps: readonly RunStepRecord[],
  messages: readonly MessageRecord[],
  now: number,
): Ending {
  const end: RunEnd = run.object.status === 'cancelling' ? { status: 'cancelled' } : wanted;
  const endedMessages = messages
    .filter((message) => message.object.status === 'in_progress')
    .map((message) => endMessage(message, end, now));
  const endedSteps = steps.filter(isOpen).map((step) => endStep(step, end, now));
  const object = transition(run.object, end.status, now, {
    last_error: end.lastError ?? null,
    incomplete_details: incompleteDetails(end),
    usage: run.work.usage,
  });
  const ended: RunRecord = {
    ...run,
    object,
    work: { ...run.work, leaseOwner: '', leaseUntil: 0, watchdog: null },
  };
  const events = [
    ...endedSteps.flatMap((step) => stepEnded(step.object, messageOf(step, endedMessages)?.object)),
    ...runEnded(object),
  ];
  return { run: ended, steps: endedSteps, messages: endedMessages, events };
}

/** A message as it ends together with its run. */
function endMessage(message: MessageRecord, end: RunEnd, now: number): MessageRecord {
  if (end.status === 'completed') {
    return { ...message, object: { ...message.object, status: 'completed', completed_at: now } };
  }
  return {
    ...message,
    object: {
      ...message.object,
      status: 'incomplete',
      incomplete_at: now,
      incomplete_details: { reason: messageReason(end) },
    },
  };
}

function endStep(step: RunStepRecord, end: RunEnd, now: number): RunStepRecord {
  const { object } = step;
  switch (end.status) {
    case 'cancelled':
      return { ...step, object: { ...object, status: 'cancelled', cancelled_at: now } };
    case 'expired':
      return { ...step, object: { ...object, status: 'expired', expired_at: now } };
    case 'failed':
      return { ...step, object: { ...object, status: 'failed', failed_at: now, last_error: stepError(end) } };
    case 'incomplete':
    case 'completed':
      // Calls that the model did not finish writing, or took back, were never made.
      if (object.type === 'tool_calls')
        return { ...step, object: { ...object, status: 'cancelled', cancelled_at: now } };
      return { ...step, object: { ...object, status: 'completed', completed_at: now } };
  }
}

type MessageReason = NonNullable<MessageRecord['object']['incomplete_details']>['reason'];

function messageReason(end: RunEnd): MessageReason {
  switch (end.status) {
    case 'cancelled':
      return 'run_cancelled';
    case 'expired':
      return 'run_expired';
    case 'failed':
    case 'completed':
      return 'run_failed';
    case 'incomplete':
      return end.incompleteReason === 'content_filter' ? 'content_filter' : 'max_tokens';
  }
}

/** A step knows no `invalid_prompt`. */
function stepError(end: RunEnd): RunStepRecord['object']['last_error'] {
  const error = end.lastError ?? { code: 'server_error', message: 'The run failed.' };
  return { code: error.code === 'rate_limit_exceeded' ? error.code : 'server_error', message: error.message };
}

/**
 * The document, and with it the client's type, names the two budgets; the hosted API also said when a filter had
 * ended a run (microsoft/semantic-kernel#12752).
 */
function incompleteDetails({ status, incompleteReason }: RunEnd): Run['incomplete_details'] {
  if (status !== 'incomplete') return null;
  return incompleteReason === undefined ? {} : ({ reason: incompleteReason } as Run['incomplete_details']);
}

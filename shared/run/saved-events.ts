import type { Run } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import { type FunctionCall, isOffered } from './decide.ts';
import { outputDelta } from './delta-events.ts';
import { requiredAction } from './required-action.ts';
import type { RunEvent, SavedRun } from './run-event.ts';
import { isTerminal } from './run-state.ts';
import { messageOf, toolCallsOf } from './steps.ts';
import {
  callBegun,
  messageBegun,
  runCancelling,
  runCreated,
  runEnded,
  runQueued,
  runTaken,
  runWaits,
  stepBegun,
  stepEnded,
  textsAnnotated,
} from './story.ts';

/**
 * The whole story of a run as far as it is saved: what its stream would have told, in the same order and the same
 * words (`story.ts`), each text as one delta. What the run and its objects were like at each moment is worked out
 * here from what became of them. Pure.
 */
export function* savedEvents({ run, steps, messages }: SavedRun): Generator<RunEvent> {
  const { object, work } = run;
  const since = steps.findIndex((step) => step.object.id === work.streamSince);
  if (since < 0) {
    yield* runCreated(asQueued(object));
    yield* goesOn(object, null);
  }
  let cancelling = false;
  for (const [position, record] of steps.entries()) {
    const { object: step } = record;
    if (position < since) continue;
    if (position > since) yield* begins(record, messages);
    // A stream that began with this step's outputs says nothing of what was before.
    const waited = position !== since && waitedForOutputs(record, object);
    if (waited) yield* runWaits(waited);
    // The official client knows one open step at a time.
    if (step.status === 'in_progress') break;
    if (object.status === 'cancelled' && step.status === 'cancelled' && !cancelling) {
      cancelling = true;
      yield* runCancelling(asCancelling(object));
    }
    yield* stepEnded(step, messageOf(record, messages)?.object);
    if (step.status === 'completed' && askedOf(record, object).length > 0) {
      yield* goesOn(object, object.started_at);
    }
  }
  const isCancelled = object.status === 'cancelling' || object.status === 'cancelled';
  if (isCancelled && !cancelling) yield* runCancelling(asCancelling(object));
  if (isTerminal(object.status)) yield* runEnded(object);
}

/** A run that waits for a worker: queued, and in progress as soon as one has it. */
function* goesOn(run: Run, startedAt: number | null): Generator<RunEvent> {
  yield* runQueued({ ...asQueued(run), started_at: startedAt });
  if (run.status === 'queued' || run.started_at === null) return;
  yield* runTaken({ ...asQueued(run), status: 'in_progress', started_at: run.started_at });
}

function* begins(record: RunStepRecord, messages: SavedRun['messages']): Generator<RunEvent> {
  const { object: step } = record;
  const details = step.step_details;
  yield* stepBegun({
    ...step,
    status: 'in_progress',
    completed_at: null,
    cancelled_at: null,
    expired_at: null,
    failed_at: null,
    last_error: null,
    usage: null,
    step_details: details.type === 'tool_calls' ? { type: 'tool_calls', tool_calls: [] } : details,
  });
  const message = messageOf(record, messages)?.object;
  if (message) {
    const begun = {
      ...message,
      status: 'in_progress' as const,
      content: [],
      attachments: [],
      completed_at: null,
      incomplete_at: null,
      incomplete_details: null,
    };
    yield* messageBegun(begun, message.content);
    yield* textsAnnotated(message);
  }
  const calls = toolCallsOf(record);
  for (const [index, call] of calls.entries()) yield* callBegun(step.id, index, call);
  for (const [index, call] of calls.entries()) {
    if (call.type !== 'code_interpreter') continue;
    for (const [at, output] of call.code_interpreter.outputs.entries()) {
      yield outputDelta(step.id, index, { ...output, index: at });
    }
  }
}

/** Calls of a step that the caller is asked to answer. */
const askedOf = (step: RunStepRecord, run: Run): FunctionCall[] =>
  toolCallsOf(step)
    .filter((call) => call.type === 'function')
    .filter((call) => isOffered({ object: run }, call));

/** The run as it waited for the outputs of a step's functions; undefined when it never did. */
function waitedForOutputs(step: RunStepRecord, run: Run): Run | undefined {
  const calls = askedOf(step, run);
  if (calls.length === 0) return undefined;
  const { status, usage } = step.object;
  if (status === 'in_progress') return run.status === 'requires_action' ? run : undefined;
  // Ended while it waited: what the turn cost is known, so its calls were complete; and no code was left to run.
  const ended = usage !== null && status === run.status && (status === 'cancelled' || status === 'expired');
  if (status !== 'completed' && !(ended && noCodeLeft(step))) return undefined;
  return {
    ...asQueued(run),
    status: 'requires_action',
    started_at: run.started_at,
    required_action: requiredAction(calls),
  };
}

const noCodeLeft = (step: RunStepRecord): boolean =>
  toolCallsOf(step).every((call) => call.type === 'function' || step.results[call.id] !== undefined);

/** A run as it was before it ended. What it would have expired at is not kept beyond its end. */
const asLive = (run: Run): Run => ({
  ...run,
  completed_at: null,
  cancelled_at: null,
  failed_at: null,
  last_error: null,
  incomplete_details: null,
  required_action: null,
  usage: null,
});

const asQueued = (run: Run): Run => ({ ...asLive(run), status: 'queued', started_at: null });
const asCancelling = (run: Run): Run => ({ ...asLive(run), status: 'cancelling' });

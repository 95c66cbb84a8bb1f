import type { Message } from '../api/message.ts';
import type { Run } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import { type FunctionCall, isOffered } from './decide.ts';
import { annotationsDelta, callDelta, contentDelta, inputDelta, outputDelta } from './delta-events.ts';
import type { RunEvent, SavedRun } from './run-event.ts';
import { isTerminal } from './run-state.ts';

type Step = RunStepRecord['object'];

/**
 * The whole story of a run as far as it is saved: what its stream would have told, in the same order, each
 * text as one delta. Pure. The order is the one in which the engine reports: whoever changes one changes both.
 */
export function* savedEvents({ run, steps, messages }: SavedRun): Generator<RunEvent> {
  const { object, work } = run;
  const since = steps.findIndex((step) => step.object.id === work.streamSince);
  if (since < 0) {
    yield { event: 'thread.run.created', data: asQueued(object) };
    yield* taken(object, null);
  }
  let cancelling = false;
  for (const [position, record] of steps.entries()) {
    const { object: step } = record;
    if (position < since) continue;
    if (position > since) yield* stepBegins(step, messages);
    // A stream that began with this step's outputs says nothing of what was before.
    const waited = position !== since && waitedForOutputs(record, object);
    if (waited) yield { event: 'thread.run.requires_action', data: waited };
    // The official client knows one open step at a time.
    if (step.status === 'in_progress') break;
    if (object.status === 'cancelled' && step.status === 'cancelled' && !cancelling) {
      cancelling = true;
      yield { event: 'thread.run.cancelling', data: asCancelling(object) };
    }
    const message = messageOf(step, messages);
    if (message && message.status !== 'in_progress') {
      yield { event: `thread.message.${message.status}`, data: message };
    }
    yield { event: `thread.run.step.${step.status}`, data: step } as RunEvent;
    if (step.status === 'completed' && askedOf(record, object).length > 0) {
      yield* taken(object, object.started_at);
    }
  }
  const ended = isTerminal(object.status);
  const begins = object.status === 'cancelling' || object.status === 'cancelled';
  if (begins && !cancelling) yield { event: 'thread.run.cancelling', data: asCancelling(object) };
  if (ended) yield { event: `thread.run.${object.status}`, data: object } as RunEvent;
}

/** A run that goes on: queued, and in progress as soon as a worker has it. */
function* taken(run: Run, startedAt: number | null): Generator<RunEvent> {
  yield { event: 'thread.run.queued', data: { ...asQueued(run), started_at: startedAt } };
  if (run.status !== 'queued' && run.started_at !== null) {
    yield {
      event: 'thread.run.in_progress',
      data: { ...asQueued(run), status: 'in_progress', started_at: run.started_at },
    };
  }
}

function* stepBegins(step: Step, messages: SavedRun['messages']): Generator<RunEvent> {
  const details = step.step_details;
  const begun: Step = {
    ...step,
    status: 'in_progress',
    completed_at: null,
    cancelled_at: null,
    expired_at: null,
    failed_at: null,
    last_error: null,
    usage: null,
    step_details: details.type === 'tool_calls' ? { type: 'tool_calls', tool_calls: [] } : details,
  };
  yield { event: 'thread.run.step.created', data: begun };
  yield { event: 'thread.run.step.in_progress', data: begun };
  const message = messageOf(step, messages);
  if (message) yield* messageBegins(message);
  if (details.type !== 'tool_calls') return;
  for (const [index, call] of details.tool_calls.entries()) {
    yield callDelta(step.id, index, call);
    if (call.type === 'file_search') continue;
    const input = call.type === 'function' ? call.function.arguments : call.code_interpreter.input;
    if (input !== '') yield inputDelta(step.id, index, call.type, input);
  }
  for (const [index, call] of details.tool_calls.entries()) {
    if (call.type !== 'code_interpreter') continue;
    for (const [at, output] of call.code_interpreter.outputs.entries()) {
      yield outputDelta(step.id, index, { ...output, index: at });
    }
  }
}

function* messageBegins(message: Message): Generator<RunEvent> {
  const begun: Message = {
    ...message,
    status: 'in_progress',
    content: [],
    attachments: [],
    completed_at: null,
    incomplete_at: null,
    incomplete_details: null,
  };
  yield { event: 'thread.message.created', data: begun };
  yield { event: 'thread.message.in_progress', data: begun };
  for (const [index, part] of message.content.entries()) yield contentDelta(message.id, index, part);
  for (const [index, part] of message.content.entries()) {
    if (part.type === 'text' && part.text.annotations.length > 0) {
      yield annotationsDelta(message.id, index, part.text.annotations);
    }
  }
}

function messageOf({ step_details: details }: Step, messages: SavedRun['messages']): Message | undefined {
  if (details.type !== 'message_creation') return undefined;
  return messages.find(({ object }) => object.id === details.message_creation.message_id)?.object;
}

/** Calls of a step that the caller is asked to answer. */
const askedOf = ({ object }: RunStepRecord, run: Run): FunctionCall[] =>
  object.step_details.type === 'tool_calls'
    ? object.step_details.tool_calls
        .filter((call) => call.type === 'function')
        .filter((call) => isOffered({ object: run }, call))
    : [];

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
    required_action: {
      type: 'submit_tool_outputs',
      submit_tool_outputs: {
        tool_calls: calls.map(({ id, function: { name, arguments: text } }) => ({
          id,
          type: 'function',
          function: { name, arguments: text },
        })),
      },
    },
  };
}

const noCodeLeft = ({ object, results }: RunStepRecord): boolean =>
  object.step_details.type === 'tool_calls' &&
  object.step_details.tool_calls.every((call) => call.type === 'function' || results[call.id] !== undefined);

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

import type OpenAI from 'openai';

import { inputPiece } from '../run/delta-events.ts';
import type { DeltaEvent, RunEvent } from '../run/run-event.ts';

type MessageDelta = Extract<RunEvent, { event: 'thread.message.delta' }>;
type StepDelta = Extract<RunEvent, { event: 'thread.run.step.delta' }>;
type ContentDelta = OpenAI.Beta.Threads.MessageContentDelta;
type CallDelta = OpenAI.Beta.Threads.Runs.ToolCallDelta;
type Annotations = OpenAI.Beta.Threads.AnnotationDelta[];

/** Stand for things that come whole, in a text whose length is the delta's weight. */
const WHOLE = '\u0000';
const CALL_HEADS = { code_interpreter: '\u0001', function: '\u0002', file_search: '\u0003' } as const;

export const isDelta = (event: RunEvent): event is DeltaEvent =>
  event.event === 'thread.message.delta' || event.event === 'thread.run.step.delta';

/** What a delta adds to: deltas of one place are pieces of one text. */
export function placeOf(event: DeltaEvent): string {
  if (event.event === 'thread.message.delta') {
    const part = contentOf(event);
    const kind = annotationsOf(part) ? 'annotations' : 'content';
    return `${event.data.id}/${part?.index}/${kind}`;
  }
  const call = callOf(event);
  const output = outputOf(call);
  return `${event.data.id}/${call?.index}/${output ? `output/${output.index}` : 'input'}`;
}

/**
 * What a delta adds, as text: text itself, and one character for each thing that is not text (a figure, an
 * annotation, the head of a call). Its length is the delta's weight in the ids of events.
 */
export function textOf(event: DeltaEvent): string {
  if (event.event === 'thread.message.delta') {
    const part = contentOf(event);
    const annotations = annotationsOf(part);
    if (annotations) return WHOLE.repeat(annotations.length);
    if (part?.type === 'text') return part.text?.value ?? '';
    if (part?.type === 'refusal') return part.refusal ?? '';
    return WHOLE;
  }
  const call = callOf(event);
  if (!call) return '';
  const output = outputOf(call);
  if (output) return output.type === 'logs' ? (output.logs ?? '') : WHOLE;
  return (call.id === undefined ? '' : CALL_HEADS[call.type]) + inputOf(call);
}

/** The delta without its first `units`; undefined when nothing is left. */
export function cutDelta(event: DeltaEvent, units: number): DeltaEvent | undefined {
  if (units <= 0) return event;
  if (units >= textOf(event).length) return undefined;
  return event.event === 'thread.message.delta' ? cutMessage(event, units) : cutStep(event, units);
}

function cutMessage(event: MessageDelta, units: number): MessageDelta {
  const part = contentOf(event);
  const annotations = annotationsOf(part);
  const withPart = (content: ContentDelta): MessageDelta => ({
    ...event,
    data: { ...event.data, delta: { ...event.data.delta, content: [content] } },
  });
  if (part?.type === 'text' && annotations) {
    return withPart({ ...part, text: { value: '', annotations: annotations.slice(units) } });
  }
  if (part?.type === 'text')
    return withPart({ ...part, text: { value: part.text?.value?.slice(units) ?? '' } });
  if (part?.type === 'refusal') return withPart({ ...part, refusal: part.refusal?.slice(units) ?? '' });
  return event;
}

function cutStep(event: StepDelta, units: number): StepDelta {
  const call = callOf(event);
  const withCall = (cut: CallDelta): StepDelta => ({
    ...event,
    data: { ...event.data, delta: { step_details: { type: 'tool_calls', tool_calls: [cut] } } },
  });
  const output = outputOf(call);
  if (call?.type === 'code_interpreter' && output?.type === 'logs') {
    const { index, type } = call;
    const rest = { ...output, logs: output.logs?.slice(units) ?? '' };
    return withCall({ index, type, code_interpreter: { outputs: [rest] } });
  }
  if (call?.type === 'code_interpreter' || call?.type === 'function') {
    return withCall(inputPiece(call.type, call.index, textOf(event).slice(units)));
  }
  return event;
}

// Our deltas speak of one thing each; what a figure brings along is empty.
const contentOf = (event: MessageDelta): ContentDelta | undefined => event.data.delta.content?.[0];

function annotationsOf(part: ContentDelta | undefined): Annotations | undefined {
  const annotations = part?.type === 'text' ? part.text?.annotations : undefined;
  return annotations && annotations.length > 0 ? annotations : undefined;
}

function callOf(event: StepDelta): CallDelta | undefined {
  const details = event.data.delta.step_details;
  return details?.type === 'tool_calls' ? details.tool_calls?.[0] : undefined;
}

const outputOf = (call: CallDelta | undefined) =>
  call?.type === 'code_interpreter' ? call.code_interpreter?.outputs?.[0] : undefined;

function inputOf(call: CallDelta): string {
  if (call.type === 'function') return call.function?.arguments ?? '';
  return call.type === 'code_interpreter' ? (call.code_interpreter?.input ?? '') : '';
}

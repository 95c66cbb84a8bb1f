import type { MessageRecord } from '../api/message.ts';
import type { Run } from '../api/run.ts';
import type { RunStepRecord, ToolCall } from '../api/run-step.ts';
import { annotationsDelta, callDelta, contentDelta, inputDelta } from './delta-events.ts';
import type { RunEvent } from './run-event.ts';

/**
 * What a stream tells of each thing that happens to a run, and in which order: the one source of both the events
 * that the engine tells as it happens and of those that `saved-events.ts` tells again from what is saved.
 * Objects are taken as they are at that moment. Pure.
 */
type Step = RunStepRecord['object'];
type Message = MessageRecord['object'];

export const runCreated = (run: Run): RunEvent[] => [{ event: 'thread.run.created', data: run }];
export const runQueued = (run: Run): RunEvent[] => [{ event: 'thread.run.queued', data: run }];
export const runTaken = (run: Run): RunEvent[] => [{ event: 'thread.run.in_progress', data: run }];
export const runWaits = (run: Run): RunEvent[] => [{ event: 'thread.run.requires_action', data: run }];
export const runCancelling = (run: Run): RunEvent[] => [{ event: 'thread.run.cancelling', data: run }];

/** @param run ended */
export const runEnded = (run: Run): RunEvent[] => [
  { event: `thread.run.${run.status}`, data: run } as RunEvent,
];

export const stepBegun = (step: Step): RunEvent[] => [
  { event: 'thread.run.step.created', data: step },
  { event: 'thread.run.step.in_progress', data: step },
];

/**
 * The message of the step that has begun right before, with what it holds from the start.
 * @param textFollows whether its text is told right behind that
 */
export const messageBegun = (
  message: Message,
  content: Message['content'],
  textFollows = false,
): RunEvent[] => [
  { event: 'thread.message.created', data: message },
  { event: 'thread.message.in_progress', data: message },
  ...content.map((part, index) => {
    const next = content[index + 1];
    const opensText = part.type === 'image_file' && (next ? next.type === 'text' : textFollows);
    return contentDelta(message.id, index, part, opensText);
  }),
];

/** Citations follow the marker that they are of, all other annotations a whole text. @param told citations before */
export const textsAnnotated = ({ id, content }: Message, told = 0): RunEvent[] =>
  content.flatMap((part, index) =>
    part.type === 'text' && part.text.annotations.length > told
      ? [annotationsDelta(id, index, part.text.annotations.slice(told), told)]
      : [],
  );

/** A call, as far as it is written; further pieces follow. */
export function callBegun(stepId: string, index: number, call: ToolCall): RunEvent[] {
  const head = callDelta(stepId, index, call);
  // What it asks for is shown nowhere.
  if (call.type === 'file_search') return [head];
  const input = call.type === 'function' ? call.function.arguments : call.code_interpreter.input;
  return [head, ...callWritten(stepId, index, call.type, input)];
}

/** A further piece of a call's code or arguments. */
export const callWritten = (
  stepId: string,
  index: number,
  type: ToolCall['type'],
  piece: string,
): RunEvent[] => (piece === '' || type === 'file_search' ? [] : [inputDelta(stepId, index, type, piece)]);

/** A step that is over, after the message that it made. */
export const stepEnded = (step: Step, message?: Message): RunEvent[] => [
  ...(message && message.status !== 'in_progress'
    ? [{ event: `thread.message.${message.status}`, data: message } as RunEvent]
    : []),
  { event: `thread.run.step.${step.status}`, data: step } as RunEvent,
];

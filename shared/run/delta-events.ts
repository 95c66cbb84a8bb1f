import type OpenAI from 'openai';

import type { Annotation, Message } from '../api/message.ts';
import type { ToolCall } from '../api/run-step.ts';
import type { DeltaEvent } from './run-event.ts';

type ContentDelta = OpenAI.Beta.Threads.MessageContentDelta;
type CallDelta = OpenAI.Beta.Threads.Runs.ToolCallDelta;
type OutputDelta = NonNullable<
  NonNullable<OpenAI.Beta.Threads.Runs.CodeInterpreterToolCallDelta['code_interpreter']>['outputs']
>[number];

/** A piece of a message's text. The first one says that there are annotations, as the hosted API did. */
export const textDelta = (messageId: string, index: number, value: string, first: boolean): DeltaEvent =>
  messageDelta(messageId, { index, type: 'text', text: first ? { value, annotations: [] } : { value } });

const emptyText = (index: number): ContentDelta => ({
  index,
  type: 'text',
  text: { value: '', annotations: [] },
});

export const refusalDelta = (messageId: string, index: number, refusal: string): DeltaEvent =>
  messageDelta(messageId, { index, type: 'refusal', refusal });

/**
 * A whole part of a message; the annotations of a text follow it as a delta of their own.
 * @param opensText whether it brings the beginning of the text behind it along, which is empty: the official clients
 * report a figure as done when the next part begins, and a word before that. With the empty text the figure comes
 * first for listeners, too; as a second part of the same delta it changes nothing for those who read the first.
 */
export function contentDelta(
  messageId: string,
  index: number,
  part: Message['content'][number],
  opensText = false,
): DeltaEvent {
  switch (part.type) {
    case 'text':
      return textDelta(messageId, index, part.text.value, true);
    case 'refusal':
      return refusalDelta(messageId, index, part.refusal);
    case 'image_file':
    case 'image_url':
      return messageDelta(messageId, { ...part, index }, ...(opensText ? [emptyText(index + 1)] : []));
  }
}

/** @param from how many were told before: their numbers go on */
export function annotationsDelta(
  messageId: string,
  index: number,
  annotations: readonly Annotation[],
  from = 0,
): DeltaEvent {
  const numbered = annotations.map((annotation, at) => ({ ...annotation, index: from + at }));
  // With a text, for listeners that print what a delta adds.
  return messageDelta(messageId, { index, type: 'text', text: { value: '', annotations: numbered } });
}

/**
 * A call begins. What never changes stands in no later delta, for clients concatenate; what is written already
 * follows in an {@link inputDelta}, because clients do not tell their listeners what the first delta holds.
 */
export function callDelta(stepId: string, index: number, call: ToolCall): DeltaEvent {
  switch (call.type) {
    case 'function': {
      const { name } = call.function;
      return stepDelta(stepId, {
        index,
        id: call.id,
        type: 'function',
        function: { name, arguments: '', output: null },
      });
    }
    case 'code_interpreter': {
      const code_interpreter = { input: '', outputs: [] };
      return stepDelta(stepId, { index, id: call.id, type: 'code_interpreter', code_interpreter });
    }
    case 'file_search':
      return stepDelta(stepId, { index, id: call.id, type: 'file_search', file_search: {} });
  }
}

/** A further piece of a call's code or arguments. */
export const inputDelta = (
  stepId: string,
  index: number,
  type: 'code_interpreter' | 'function',
  piece: string,
): DeltaEvent => stepDelta(stepId, inputPiece(type, index, piece));

export const inputPiece = (type: 'code_interpreter' | 'function', index: number, piece: string): CallDelta =>
  type === 'function'
    ? { index, type, function: { arguments: piece } }
    : { index, type, code_interpreter: { input: piece } };

/** A figure, or a piece of a log: pieces of one log share an index. */
export const outputDelta = (stepId: string, index: number, output: OutputDelta): DeltaEvent =>
  stepDelta(stepId, { index, type: 'code_interpreter', code_interpreter: { outputs: [output] } });

const messageDelta = (id: string, ...content: ContentDelta[]): DeltaEvent => ({
  event: 'thread.message.delta',
  data: { id, object: 'thread.message.delta', delta: { content } },
});

const stepDelta = (id: string, call: CallDelta): DeltaEvent => ({
  event: 'thread.run.step.delta',
  data: {
    id,
    object: 'thread.run.step.delta',
    delta: { step_details: { type: 'tool_calls', tool_calls: [call] } },
  },
});

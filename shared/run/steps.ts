import type { MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord, ToolCall } from '../api/run-step.ts';
import { idOf, orderedSortKey, sortKeyOf } from '../ids.ts';

/**
 * Ids of a run's steps and messages follow from the run's id and their number in it. So a worker that takes a
 * run over gives the same objects the same ids, and a streamed event never names an object that is lost.
 */
export const stepId = (run: RunRecord, ordinal: number): string =>
  idOf('step', orderedSortKey(sortKeyOf(run.object.id) ?? '', ordinal, `${run.object.id}/step`));

export const messageId = (run: RunRecord, ordinal: number): string =>
  idOf('message', orderedSortKey(sortKeyOf(run.object.id) ?? '', ordinal, `${run.object.id}/message`));

/** A new step in progress. @param now Unix seconds */
export function newStep(
  run: RunRecord,
  ordinal: number,
  details: RunStepRecord['object']['step_details'],
  now: number,
): RunStepRecord {
  return {
    project: run.project,
    results: {},
    object: {
      id: stepId(run, ordinal),
      object: 'thread.run.step',
      created_at: now,
      run_id: run.object.id,
      assistant_id: run.object.assistant_id,
      thread_id: run.object.thread_id,
      type: details.type,
      status: 'in_progress',
      cancelled_at: null,
      completed_at: null,
      expires_at: run.object.expires_at,
      expired_at: null,
      failed_at: null,
      last_error: null,
      step_details: details,
      metadata: {},
      usage: null,
    },
  };
}

/** A new, still empty assistant message in progress. @param now Unix seconds */
export const newAssistantMessage = (run: RunRecord, ordinal: number, now: number): MessageRecord =>
  emptyMessage(run, messageId(run, ordinal), now);

/** @param now Unix seconds */
export function emptyMessage(run: RunRecord, id: string, now: number): MessageRecord {
  return {
    project: run.project,
    object: {
      id,
      object: 'thread.message',
      created_at: now,
      assistant_id: run.object.assistant_id,
      thread_id: run.object.thread_id,
      run_id: run.object.id,
      status: 'in_progress',
      incomplete_details: null,
      incomplete_at: null,
      completed_at: null,
      role: 'assistant',
      content: [],
      attachments: [],
      metadata: {},
    },
  };
}

const NO_TOKENS = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/**
 * A turn's tokens are counted at one of its steps; the others have none, so that the steps add up to the run.
 * @param now Unix seconds
 */
export const completedStep = (step: RunStepRecord, now: number): RunStepRecord => ({
  ...step,
  object: { ...step.object, status: 'completed', completed_at: now, usage: step.object.usage ?? NO_TOKENS },
});

/** @param now Unix seconds */
export const completedMessage = (message: MessageRecord, now: number): MessageRecord => ({
  ...message,
  object: { ...message.object, status: 'completed', completed_at: now },
});

export const toolCallsOf = (step: RunStepRecord): readonly ToolCall[] =>
  step.object.step_details.type === 'tool_calls' ? step.object.step_details.tool_calls : [];

/** The message that a step made, or is making. */
export const messageOf = (
  { object: { step_details: details } }: RunStepRecord,
  messages: readonly MessageRecord[],
): MessageRecord | undefined =>
  details.type === 'message_creation'
    ? messages.find(({ object }) => object.id === details.message_creation.message_id)
    : undefined;

/** Names the execution of a code call; the same for every worker, since sessions remember outcomes by it. */
export const executionId = (step: RunStepRecord, call: number): string => `${step.object.id}-${call}`;

export const isOpen = (step: RunStepRecord): boolean => step.object.status === 'in_progress';

/** Figures that code drew after the last message: they open the next one. */
export function pendingImages(steps: readonly RunStepRecord[]): string[] {
  const images: string[] = [];
  for (const step of steps) {
    if (step.object.step_details.type === 'message_creation') {
      if (!isOpen(step) && !step.late) images.length = 0;
      continue;
    }
    for (const call of toolCallsOf(step)) {
      if (call.type !== 'code_interpreter') continue;
      for (const output of call.code_interpreter.outputs) {
        if (output.type === 'image') images.push(output.image.file_id);
      }
    }
  }
  return images;
}

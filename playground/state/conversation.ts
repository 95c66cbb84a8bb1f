import type OpenAI from 'openai';

import type { AssistantEvent } from '../api/run-events.ts';
import { withMessageDelta, withStepDelta } from './deltas.ts';

export type Message = OpenAI.Beta.Threads.Message;
export type Run = OpenAI.Beta.Threads.Run;
export type RunStep = OpenAI.Beta.Threads.Runs.RunStep;

/** When something began and ended in this tab, by `performance.now()`. The API's own times are whole seconds. */
export interface Span {
  readonly from: number;
  readonly to?: number;
}

/** All that is known of a thread. Each change makes new objects of what changed, and of nothing else. */
export interface Conversation {
  /** The oldest first. */
  readonly messages: readonly Message[];
  /** The oldest first. */
  readonly runs: readonly Run[];
  /** By run, in their order. A run that has no entry has not been asked for its steps. */
  readonly steps: ReadonlyMap<string, readonly RunStep[]>;
  /** Of runs and steps that were watched here, by their ids. */
  readonly spans: ReadonlyMap<string, Span>;
}

export const nothingSaid: Conversation = { messages: [], runs: [], steps: new Map(), spans: new Map() };

export const isOver = ({ status }: Pick<Run, 'status'>): boolean =>
  ['completed', 'failed', 'incomplete', 'cancelled', 'expired'].includes(status);

/** Whether the thread takes no message now. */
export const activeRun = ({ runs }: Conversation): Run | undefined => runs.findLast((run) => !isOver(run));

/** The conversation after an event. Events that are told twice change nothing the second time, deltas excepted. */
export function withEvent(
  conversation: Conversation,
  { event, data }: AssistantEvent,
  at: number,
): Conversation {
  switch (event) {
    case 'thread.message.created':
    case 'thread.message.in_progress':
    case 'thread.message.completed':
    case 'thread.message.incomplete':
      return withMessage(conversation, data);
    case 'thread.message.delta': {
      const messages = changed(conversation.messages, data.id, (message) =>
        withMessageDelta(message, data.delta),
      );
      return { ...conversation, messages };
    }
    case 'thread.run.step.created':
    case 'thread.run.step.in_progress':
    case 'thread.run.step.completed':
    case 'thread.run.step.failed':
    case 'thread.run.step.cancelled':
    case 'thread.run.step.expired':
      return timed(withStep(conversation, data), data.id, at, data.status !== 'in_progress');
    case 'thread.run.step.delta': {
      const steps = new Map(conversation.steps);
      for (const [runId, list] of steps) {
        steps.set(
          runId,
          changed(list, data.id, (step) => withStepDelta(step, data.delta)),
        );
      }
      return { ...conversation, steps };
    }
    case 'thread.created':
    case 'error':
      return conversation;
    case 'thread.run.created':
      // Its story is told from here on: nobody needs to ask for the steps before.
      return timed(withSteps(withRun(conversation, data), data.id, []), data.id, at, false);
    default:
      return timed(withRun(conversation, data), data.id, at, isOver(data));
  }
}

export function withMessage(conversation: Conversation, message: Message): Conversation {
  return { ...conversation, messages: put(conversation.messages, message) };
}

export function withoutMessages(conversation: Conversation, ids: ReadonlySet<string>): Conversation {
  return { ...conversation, messages: conversation.messages.filter(({ id }) => !ids.has(id)) };
}

/** A run that is over stays over, whatever is told late. */
export function withRun(conversation: Conversation, run: Run): Conversation {
  const known = conversation.runs.find(({ id }) => id === run.id);
  if (known && isOver(known) && !isOver(run)) return conversation;
  return { ...conversation, runs: put(conversation.runs, run) };
}

/** Steps as they were listed. What a stream has told of them meanwhile is newer. */
export function withListedSteps(
  conversation: Conversation,
  runId: string,
  listed: readonly RunStep[],
): Conversation {
  const told = conversation.steps.get(runId) ?? [];
  const known = new Map(told.map((step) => [step.id, step]));
  const later = told.filter(({ id }) => !listed.some((step) => step.id === id));
  return withSteps(conversation, runId, [...listed.map((step) => known.get(step.id) ?? step), ...later]);
}

export function withSteps(
  conversation: Conversation,
  runId: string,
  steps: readonly RunStep[],
): Conversation {
  return { ...conversation, steps: new Map(conversation.steps).set(runId, steps) };
}

function withStep(conversation: Conversation, step: RunStep): Conversation {
  return withSteps(conversation, step.run_id, put(conversation.steps.get(step.run_id) ?? [], step));
}

function timed(conversation: Conversation, id: string, at: number, ended: boolean): Conversation {
  const known = conversation.spans.get(id);
  if (known?.to !== undefined || (!known && ended)) return conversation;
  const span = { from: known?.from ?? at, ...(ended ? { to: at } : {}) };
  return { ...conversation, spans: new Map(conversation.spans).set(id, span) };
}

/** In the place of the one with its id, or at the end. */
function put<T extends { readonly id: string }>(list: readonly T[], item: T): readonly T[] {
  const index = list.findIndex(({ id }) => id === item.id);
  return index < 0 ? [...list, item] : list.with(index, item);
}

function changed<T extends { readonly id: string }>(
  list: readonly T[],
  id: string,
  change: (item: T) => T,
): readonly T[] {
  const index = list.findIndex((item) => item.id === id);
  const item = list[index];
  return item ? list.with(index, change(item)) : list;
}

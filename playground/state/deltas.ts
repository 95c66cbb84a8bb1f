import type OpenAI from 'openai';

type Message = OpenAI.Beta.Threads.Message;
type MessageDelta = OpenAI.Beta.Threads.MessageDelta;
type RunStep = OpenAI.Beta.Threads.Runs.RunStep;
type RunStepDelta = OpenAI.Beta.Threads.Runs.RunStepDelta;

/**
 * Adds a delta to what is there, without changing it: strings grow, lists take each item by its `index`, objects
 * field by field. What tells what a thing is (`type`, ids) is replaced, not lengthened.
 */
export function withMessageDelta(message: Message, delta: MessageDelta): Message {
  const content = added(message.content, delta.content ?? []);
  return { ...message, content: content as Message['content'] };
}

export function withStepDelta(step: RunStep, delta: RunStepDelta): RunStep {
  if (!delta.step_details) return step;
  const details = added(step.step_details, delta.step_details);
  return { ...step, step_details: details as RunStep['step_details'] };
}

type Fields = Readonly<Record<string, unknown>>;
const REPLACED = new Set([
  'type',
  'id',
  'index',
  'file_id',
  'name',
  'object',
  'detail',
  'start_index',
  'end_index',
]);

function added(before: unknown, delta: unknown): unknown {
  if (delta === undefined || delta === null) return before;
  if (Array.isArray(delta)) return delta.reduce(withItem, Array.isArray(before) ? before : []);
  if (typeof delta !== 'object')
    return typeof before === 'string' && typeof delta === 'string' ? before + delta : delta;
  const fields: Record<string, unknown> = { ...(before as Fields | undefined) };
  for (const [name, value] of Object.entries(delta)) {
    fields[name] = REPLACED.has(name) ? value : added(fields[name], value);
  }
  return fields;
}

function withItem(items: readonly unknown[], item: unknown): readonly unknown[] {
  const index = (item as { index?: number }).index ?? items.length;
  const list = [...items];
  list[index] = added(list[index], item);
  return list;
}

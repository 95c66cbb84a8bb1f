import type { Message, MessageRecord } from '../../api/message.ts';
import type { RunRecord } from '../../api/run.ts';
import type { RunStepRecord, ToolCall } from '../../api/run-step.ts';
import type { ChatMessage } from '../../model/model.ts';
import { toolCallsOf } from '../../run/steps.ts';
import { resultsText } from '../../tools/search-results.ts';
import { interpreterName, searchName } from './tool-definitions.ts';

/** What belongs together in a prompt: truncation drops whole groups, never an output without its call. */
export interface PromptGroup {
  readonly messages: readonly ChatMessage[];
  /** Messages of the thread in this group: 1, or 0 for tool calls. */
  readonly threadMessages: number;
}

export interface PromptInput {
  readonly run: RunRecord;
  /** Messages of the thread, oldest first, without those of this run. */
  readonly history: readonly MessageRecord[];
  /** Steps of earlier runs, oldest first. */
  readonly pastSteps: readonly RunStepRecord[];
  /** This run's steps, oldest first, and the messages that they made. */
  readonly steps: readonly RunStepRecord[];
  readonly ownMessages: readonly MessageRecord[];
}

/** Before the id of a file in the place of an image's URL: images are read when it is known which are needed. */
export const IMAGE_FILE = 'image-file:';

export interface Conversation {
  /** Oldest first. */
  readonly groups: readonly PromptGroup[];
  /** How many of them, at the end, are this run's own: one for each saved step that has something to say. */
  readonly own: number;
}

/** The conversation before the model's next answer. Pure. */
export function conversation(input: PromptInput): Conversation {
  const names = { code: interpreterName(input.run), search: searchName(input.run) };
  const toolGroup = toolGroupsOf(names, input.run.object.id);
  const groups: PromptGroup[] = [];
  const stepsByRun = Map.groupBy(input.pastSteps, (step) => step.object.run_id);
  for (const [index, { object }] of input.history.entries()) {
    const steps = (object.run_id !== null && stepsByRun.get(object.run_id)) || [];
    // What a run did is told in the order in which it did it: calls stand before the message that followed them,
    const behind = 1 + steps.findIndex((step) => messageOf(step) === object.id);
    add(groups, steps.splice(0, behind).flatMap(toolGroup));
    groups.push(messageGroup(object));
    // and calls that no message followed behind the last one.
    const last = input.history[index + 1]?.object.run_id !== object.run_id;
    if (last) add(groups, steps.flatMap(toolGroup));
  }
  const before = groups.length;
  const own = new Map(input.ownMessages.map(({ object }) => [object.id, object]));
  for (const step of input.steps) {
    const message = own.get(messageOf(step) ?? '');
    if (message && message.status !== 'in_progress') groups.push(messageGroup(message));
    add(groups, toolGroup(step));
  }
  return { groups, own: groups.length - before };
}

/**
 * Adds calls of tools behind what their run said. What it said right before them belongs to the same answer:
 * some servers refuse two messages of the assistant in a row.
 */
function add(groups: PromptGroup[], calls: readonly PromptGroup[]): void {
  for (const group of calls) {
    const before = groups.at(-1);
    const said = before?.messages.length === 1 ? before.messages[0] : undefined;
    const [call, ...outputs] = group.messages;
    if (before && said?.role === 'assistant' && !said.tool_calls && call?.role === 'assistant') {
      const answer = { ...call, content: said.content ?? null };
      groups[groups.length - 1] = { ...before, messages: [answer, ...outputs] };
    } else groups.push(group);
  }
}

const messageOf = ({ object: { step_details: details } }: RunStepRecord): string | undefined =>
  details.type === 'message_creation' ? details.message_creation.message_id : undefined;

/** A message that comes to nothing is left out: servers refuse empty ones. */
function messageGroup(message: Message): PromptGroup {
  const chat = chatMessage(message);
  return { messages: chat.role === 'assistant' && chat.content === '' ? [] : [chat], threadMessages: 1 };
}

/** The system message: instructions, then what the tools need to be said. undefined when there is nothing. */
export function systemMessage(run: RunRecord, notes: readonly string[]): ChatMessage | undefined {
  const parts = [run.object.instructions, ...notes].filter((part) => part !== '');
  return parts.length === 0 ? undefined : { role: 'system', content: parts.join('\n\n') };
}

/** A step's calls with their outputs; calls without an output (of a run that ended early) are left out. */
const toolGroupsOf =
  (names: ToolNames, runId: string) =>
  (step: RunStepRecord): PromptGroup[] => {
    const calls = toolCallsOf(step).filter((call) => step.results[call.id] !== undefined);
    if (calls.length === 0) return [];
    const tool_calls = calls.map((call) => chatToolCall(step, call, names));
    const assistant: ChatMessage = { role: 'assistant', content: null, tool_calls };
    const outputs = calls.map((call): ChatMessage => {
      return { role: 'tool', tool_call_id: call.id, content: outputOf(step, call, runId) };
    });
    return [{ messages: [assistant, ...outputs], threadMessages: 0 }];
  };

interface ToolNames {
  readonly code: string;
  readonly search: string;
}

function outputOf(step: RunStepRecord, call: ToolCall, runId: string): string {
  if (call.type !== 'file_search') return step.results[call.id]?.text ?? '';
  return step.object.run_id === runId ? resultsText(call, step.searches?.[call.id]) : EARLIER_SEARCH;
}

/** Thousands of tokens, which every later run would pay for again. */
const EARLIER_SEARCH =
  'The results of this earlier search are not repeated. Search again for what the conversation does not say.';

function chatToolCall(step: RunStepRecord, call: ToolCall, names: ToolNames) {
  switch (call.type) {
    case 'code_interpreter':
      return functionCall(call.id, names.code, JSON.stringify({ code: call.code_interpreter.input }));
    case 'function':
      return functionCall(call.id, legalName(call.function.name), legalArguments(call.function.arguments));
    case 'file_search':
      return functionCall(
        call.id,
        names.search,
        JSON.stringify({ queries: step.searches?.[call.id]?.queries ?? [] }),
      );
  }
}

/** Models invent names (`multi_tool_use.parallel`) that their own servers refuse to be told again. */
const legalName = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'unknown';

/** Servers that parse the arguments of earlier calls fail for ever on broken ones. */
function legalArguments(text: string): string {
  if (text.trim() === '') return '{}';
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify({ unreadable: text });
  }
}

const functionCall = (id: string, name: string, text: string) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: text },
});

function chatMessage(message: Message): ChatMessage {
  if (message.role === 'assistant') return { role: 'assistant', content: plainText(message) };
  if (message.content.every((part) => part.type === 'text'))
    return { role: 'user', content: plainText(message) };
  return {
    role: 'user',
    content: message.content.map((part) => {
      switch (part.type) {
        case 'text':
          return { type: 'text' as const, text: part.text.value };
        case 'image_url':
          return imagePart(part.image_url.url, part.image_url.detail);
        case 'image_file':
          return imagePart(`${IMAGE_FILE}${part.image_file.file_id}`, part.image_file.detail);
        case 'refusal':
          return { type: 'text' as const, text: part.refusal };
      }
    }),
  };
}

const imagePart = (url: string, detail: 'auto' | 'low' | 'high' | undefined) => ({
  type: 'image_url' as const,
  image_url: detail ? { url, detail } : { url },
});

function plainText(message: Message): string {
  const texts = message.content.map((part) => {
    switch (part.type) {
      case 'text':
        return part.text.value;
      case 'refusal':
        return part.refusal;
      // Figures of a run: the model knows of them from the call that drew them. Chat Completions take no images
      // from an assistant, so those that a caller put there are named.
      case 'image_file':
        return message.run_id === null ? `[image ${part.image_file.file_id}]` : '';
      case 'image_url':
        return part.image_url.url.startsWith('data:') ? '[image]' : `[image ${part.image_url.url}]`;
    }
  });
  return texts.filter((text) => text !== '').join('\n\n');
}

import type { Message, MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord, ToolCall } from '../api/run-step.ts';
import type { ChatMessage } from '../model/model.ts';
import { toolCallsOf } from './steps.ts';

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
  /** Data URLs of images by file id; an image that is not there is named instead. */
  readonly images: ReadonlyMap<string, string>;
}

/** The conversation as groups, oldest first. Pure. */
export function conversation(input: PromptInput): PromptGroup[] {
  const groups: PromptGroup[] = [];
  const stepsByRun = Map.groupBy(input.pastSteps, (step) => step.object.run_id);
  for (const { object } of input.history) {
    // Earlier tool calls stand before the first message that their run wrote.
    const steps = object.run_id && stepsByRun.get(object.run_id);
    if (object.run_id && steps) {
      stepsByRun.delete(object.run_id);
      groups.push(...steps.flatMap(toolGroup));
    }
    groups.push({ messages: [chatMessage(object, input.images)], threadMessages: 1 });
  }
  const own = new Map(input.ownMessages.map(({ object }) => [object.id, object]));
  for (const step of input.steps) {
    const details = step.object.step_details;
    const message = details.type === 'message_creation' && own.get(details.message_creation.message_id);
    if (message && message.status !== 'in_progress') {
      groups.push({ messages: [chatMessage(message, input.images)], threadMessages: 1 });
    }
    groups.push(...toolGroup(step));
  }
  return groups;
}

/** The system message: instructions, then what the tools need to be said. undefined when there is nothing. */
export function systemMessage(run: RunRecord, notes: readonly string[]): ChatMessage | undefined {
  const parts = [run.object.instructions, ...notes].filter((part) => part !== '');
  return parts.length === 0 ? undefined : { role: 'system', content: parts.join('\n\n') };
}

/** A step's calls with their outputs; calls without an output (of a run that ended early) are left out. */
function toolGroup(step: RunStepRecord): PromptGroup[] {
  const calls = toolCallsOf(step).filter((call) => step.results[call.id] !== undefined);
  if (calls.length === 0) return [];
  const assistant: ChatMessage = { role: 'assistant', content: null, tool_calls: calls.map(chatToolCall) };
  const outputs = calls.map((call): ChatMessage => {
    return { role: 'tool', tool_call_id: call.id, content: step.results[call.id]?.text ?? '' };
  });
  return [{ messages: [assistant, ...outputs], threadMessages: 0 }];
}

function chatToolCall(call: ToolCall) {
  switch (call.type) {
    case 'code_interpreter':
      return functionCall(call.id, 'python', JSON.stringify({ code: call.code_interpreter.input }));
    case 'function':
      return functionCall(call.id, call.function.name, call.function.arguments);
    case 'file_search':
      return functionCall(call.id, 'file_search', '{}');
  }
}

const functionCall = (id: string, name: string, text: string) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: text },
});

function chatMessage(message: Message, images: ReadonlyMap<string, string>): ChatMessage {
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
        case 'image_file': {
          const url = images.get(part.image_file.file_id);
          if (url) return imagePart(url, part.image_file.detail);
          return { type: 'text' as const, text: `[image ${part.image_file.file_id} is not available]` };
        }
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
      // Figures of ours: the model knows of them from the call that drew them.
      case 'image_file':
      case 'image_url':
        return '';
    }
  });
  return texts.filter((text) => text !== '').join('\n\n');
}

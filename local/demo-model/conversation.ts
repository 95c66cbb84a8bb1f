import type OpenAI from 'openai';

/** A Chat Completions request, read for what the demo model needs. Pure. */
export type Request = OpenAI.Chat.ChatCompletionCreateParams;
type Message = OpenAI.Chat.ChatCompletionMessageParam;

export interface PythonCall {
  readonly code: string;
  readonly result: string | undefined;
}

/** The text of the last user message. */
export function userText({ messages }: Request): string {
  return textOf(messages.findLast(({ role }) => role === 'user'));
}

/** The calls since the last user message, oldest first. */
export function callsSinceUser(
  request: Request,
): { name: string; arguments: string; result: string | undefined }[] {
  const start = request.messages.findLastIndex(({ role }) => role === 'user');
  return callsIn(request.messages.slice(start + 1));
}

/** The last Python that ran in this conversation, of this turn or an earlier one. */
export function lastCode(request: Request): string | undefined {
  const call = callsIn(request.messages).findLast(({ name }) => name === 'python');
  return call && codeOf(call.arguments);
}

/** Files in /mnt/data, as the system message lists them, with one of these endings. */
export function filesNamed(request: Request, ending: RegExp): string[] {
  const notes = request.messages.filter(({ role }) => role === 'system' || role === 'developer').map(textOf);
  const lines = notes.join('\n').match(/^Files uploaded by the user, in \/mnt\/data: .*$/gm) ?? [];
  return lines
    .flatMap((line) => line.match(/"(?:[^"\\]|\\.)*"/g) ?? [])
    .flatMap((quoted) => {
      const name: string = JSON.parse(quoted);
      return ending.test(name) ? [name] : [];
    });
}

export const toolNames = (request: Request): string[] =>
  (request.tools ?? []).flatMap((tool) => (tool.type === 'function' ? [tool.function.name] : []));

export const codeOf = (text: string): string | undefined => {
  const { code } = parsedObject(text) ?? {};
  return typeof code === 'string' ? code : undefined;
};

export function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    // What is no JSON is no object.
    return undefined;
  }
}

function callsIn(messages: readonly Message[]) {
  const results = new Map(
    messages.flatMap((message) => (message.role === 'tool' ? [[message.tool_call_id, textOf(message)]] : [])),
  );
  return messages
    .flatMap((message) => (message.role === 'assistant' ? (message.tool_calls ?? []) : []))
    .flatMap((call) =>
      call.type === 'function'
        ? [{ name: call.function.name, arguments: call.function.arguments, result: results.get(call.id) }]
        : [],
    );
}

function textOf(message: Message | undefined): string {
  const content = message?.content;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

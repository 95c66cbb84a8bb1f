import type { IncomingHttpHeaders } from 'node:http';

import type OpenAI from 'openai';

/** What the scripted model received: the parsed body, and the headers in lower case. */
export interface RecordedRequest {
  readonly body: OpenAI.Chat.ChatCompletionCreateParams;
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  /** Milliseconds of the process's clock (`performance.now()`). */
  readonly at: number;
  /** Settles when the exchange is over: `true` when the client left before the answer's end. */
  readonly closed: Promise<boolean>;
}

/** One piece on the wire. A string or a `delta` is wrapped into a chunk; `raw` goes out as it stands. */
export type Piece =
  | string
  | { readonly delta: object; readonly finish_reason?: string | null }
  /** A whole chunk object, for what no helper covers. */
  | { readonly chunk: object }
  /** Bytes of the event stream, for malformed ones. */
  | { readonly raw: string }
  | { readonly waitMs: number }
  /** The test decides when the next piece leaves. */
  | { readonly gate: Promise<unknown> }
  /** The connection is destroyed here. */
  | 'drop'
  /** Nothing more is sent, and the connection stays open until the client leaves. */
  | 'stall';

export interface ScriptedCall {
  readonly name: string;
  /** A string is sent as it stands (also when it is no JSON); an object as its JSON. */
  readonly arguments: string | object;
  readonly id?: string;
}

/** One answer of the model. Pieces are sent in the order of the fields here. */
export interface Turn {
  /** Only requests that it accepts take this turn (for conversations that run at the same time). */
  readonly when?: (request: RecordedRequest) => boolean;
  /** The same, as data: the last user message contains this. */
  readonly whenUserSays?: string;
  /** Nothing at all is sent before it settles. */
  readonly gate?: Promise<unknown>;
  /** An HTTP error instead of an answer. */
  readonly error?: {
    readonly status: number;
    readonly body?: object | string;
    readonly headers?: Record<string, string>;
  };
  /** Words are sent one by one when the text is split: `['Hello', ' world']`. */
  readonly text?: string | readonly string[];
  readonly toolCalls?: readonly ScriptedCall[];
  /** In how many characters the arguments of tool calls are cut; default: all at once. */
  readonly argumentCharacters?: number;
  readonly pieces?: readonly Piece[];
  /** Wait before each piece, in milliseconds. */
  readonly delayMs?: number;
  /** `null` sends none (the stream then ends without saying so). Default: `tool_calls` with tool calls, else `stop`. */
  readonly finish?: string | null;
  /** `null` sends none, as servers without `stream_options` do. */
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
}

/** A turn that depends on the request. */
export type TurnOf = (request: RecordedRequest) => Turn | Promise<Turn>;

/** Whether `turn` is for `request`. A function takes any request. */
export function accepts(turn: Turn | TurnOf, request: RecordedRequest): boolean {
  if (typeof turn === 'function') return true;
  if (turn.whenUserSays !== undefined && !lastUserText(request).includes(turn.whenUserSays)) return false;
  return turn.when?.(request) ?? true;
}

/** The text of the last user message, for `when`. */
export function lastUserText({ body }: RecordedRequest): string {
  const message = body.messages.findLast(({ role }) => role === 'user');
  if (typeof message?.content === 'string') return message.content;
  if (!Array.isArray(message?.content)) return '';
  return message.content.map((part) => ('text' in part ? part.text : '')).join('');
}

/** The pieces of a turn in order, without the closing chunks. */
export function piecesOf(turn: Turn): Piece[] {
  const text = turn.text === undefined ? [] : [turn.text].flat();
  const calls = (turn.toolCalls ?? []).flatMap((call, index) =>
    callPieces(call, index, turn.argumentCharacters),
  );
  return [{ delta: { role: 'assistant', content: '' } }, ...text, ...calls, ...(turn.pieces ?? [])];
}

export const finishOf = (turn: Turn): string | null =>
  turn.finish === undefined ? (turn.toolCalls?.length ? 'tool_calls' : 'stop') : turn.finish;

export function usageOf({ usage }: Turn): OpenAI.CompletionUsage | null {
  if (usage === null) return null;
  const { prompt_tokens, completion_tokens } = usage ?? { prompt_tokens: 10, completion_tokens: 5 };
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

export const argumentsOf = (call: ScriptedCall): string =>
  typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);

function callPieces(call: ScriptedCall, index: number, characters = Number.POSITIVE_INFINITY): Piece[] {
  const text = argumentsOf(call);
  const id = call.id ?? `call_${crypto.randomUUID().slice(0, 8)}_${index}`;
  const head = { index, id, type: 'function', function: { name: call.name, arguments: '' } };
  const pieces: Piece[] = [{ delta: { tool_calls: [head] } }];
  for (let start = 0; start < text.length; start += characters) {
    const part = text.slice(start, start + characters);
    pieces.push({ delta: { tool_calls: [{ index, function: { arguments: part } }] } });
  }
  return pieces;
}

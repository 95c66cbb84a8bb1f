import type OpenAI from 'openai';

/**
 * The port to the language model: one call, streamed. Requests are Chat Completions requests without
 * transport details, so that what a model sees can be asserted field by field.
 */
export type ChatMessage = OpenAI.Chat.ChatCompletionMessageParam;
export type ChatTool = OpenAI.Chat.ChatCompletionFunctionTool;

export interface ModelRequest {
  /** Deployment or model name. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly ChatTool[];
  readonly tool_choice?: OpenAI.Chat.ChatCompletionToolChoiceOption;
  readonly parallel_tool_calls?: boolean;
  readonly response_format?: OpenAI.Chat.ChatCompletionCreateParams['response_format'];
  readonly temperature?: number;
  readonly top_p?: number;
  readonly reasoning_effort?: OpenAI.ReasoningEffort;
  readonly max_completion_tokens?: number;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

export type ModelDelta =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'refusal'; readonly text: string }
  /** `id` and `name` come with the first piece of a call; `index` tells parallel calls apart. */
  | {
      readonly type: 'tool-call';
      readonly index: number;
      readonly id?: string;
      readonly name?: string;
      readonly arguments: string;
    }
  | { readonly type: 'usage'; readonly usage: Usage }
  /** Always the last delta of a complete answer. */
  | { readonly type: 'finish'; readonly reason: FinishReason };

export interface ModelInfo {
  readonly id: string;
  readonly created: number;
  readonly owned_by: string;
}

export interface Model {
  /**
   * Streams one answer. Makes exactly one attempt: whether a retry would help is in the error.
   * @throws {ModelError} when the model cannot be reached, refuses, stalls, or stops before `finish`.
   * @throws the signal's reason when aborted.
   */
  complete(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelDelta>;
  /** What `GET /models` lists. */
  list(): Promise<readonly ModelInfo[]>;
}

/** `retryable`: 429, 5xx, dropped or stalled connections. Not: any other 4xx. */
export class ModelError extends Error {
  readonly code: 'rate_limit_exceeded' | 'server_error' | 'invalid_prompt';
  readonly retryable: boolean;
  /** A content filter took offence at the prompt. */
  readonly filtered: boolean;
  /** What the model's server asked for in `retry-after`, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** For logs, which must not quote the message: the status that the server answered with, the socket's code, or what failed in a word. */
  readonly sign: number | string | undefined;
  constructor(
    message: string,
    options: {
      code: ModelError['code'];
      retryable: boolean;
      filtered?: boolean;
      retryAfterMs?: number | undefined;
      sign?: number | string | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.name = 'ModelError';
    this.code = options.code;
    this.retryable = options.retryable;
    this.filtered = options.filtered ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.sign = options.sign;
  }
}

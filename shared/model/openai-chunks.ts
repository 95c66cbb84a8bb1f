import type OpenAI from 'openai';

import type { FinishReason, ModelDelta, Usage } from './model.ts';
import { toolCallReader } from './openai-tool-calls.ts';

/**
 * One answer's chunks → deltas. Written for what servers really send rather than for the types: usage in a last
 * chunk without choices, in every chunk, or never; role-only and empty deltas; content as a list of parts; the
 * legacy `function_call`; finish reasons of a server's own.
 */
export interface AnswerReader {
  read(chunk: OpenAI.Chat.ChatCompletionChunk): Generator<ModelDelta>;
  /** Whether the server has announced the end of the answer. */
  readonly finished: boolean;
  /** Whether there is something of an answer, and nothing that calls it a failure. */
  readonly begun: boolean;
  /** Usage, when the server told, and the finish: call it once, after the last chunk. */
  end(): Generator<ModelDelta>;
}

interface LooseDelta {
  readonly content?: unknown;
  readonly refusal?: unknown;
  readonly tool_calls?: unknown;
  readonly function_call?: unknown;
}

/** What some servers and gateways call the end of an answer that they could not give. */
const FAILURES = new Set(['error', 'abort']);

export function answerReader(): AnswerReader {
  const calls = toolCallReader();
  let finish: string | undefined;
  let usage: Usage | undefined;
  let begun = false;
  let failed = false;
  /** Half a surrogate pair: sent on alone it would be lost in UTF-8, so it waits for its other half. */
  let half = '';

  function wholeCharacters(piece: string): string {
    const text = half + piece;
    half = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
    return half ? text.slice(0, -1) : text;
  }

  return {
    *read(chunk) {
      usage = readUsage(chunk.usage) ?? usage;
      const choice = chunk.choices?.find(({ index }) => (index ?? 0) === 0);
      if (!choice) return;
      const delta: LooseDelta = choice.delta ?? {};
      const text = wholeCharacters(textOf(delta.content));
      if (text) yield { type: 'text', text };
      if (typeof delta.refusal === 'string' && delta.refusal) yield { type: 'refusal', text: delta.refusal };
      if (Array.isArray(delta.tool_calls)) for (const piece of delta.tool_calls) yield* calls.read(piece);
      if (delta.function_call) yield* calls.read({ index: 0, function: delta.function_call });
      begun = true;
      if (FAILURES.has(choice.finish_reason ?? '')) failed = true;
      else if (choice.finish_reason) finish = choice.finish_reason;
    },
    get finished() {
      return finish !== undefined;
    },
    get begun() {
      return begun && !failed;
    },
    *end() {
      if (half) yield { type: 'text', text: half };
      yield* calls.end();
      if (usage) yield { type: 'usage', usage };
      yield { type: 'finish', reason: finishReason(finish, calls.any) };
    },
  };
}

function finishReason(reason: string | undefined, calledTools: boolean): FinishReason {
  if (reason === 'length' || reason === 'content_filter') return reason;
  if (reason === 'max_tokens') return 'length';
  // A forced call ends with `stop` on the hosted API, and several servers always say `stop`.
  return calledTools ? 'tool_calls' : 'stop';
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join('');
}

function readUsage(usage: OpenAI.CompletionUsage | null | undefined): Usage | undefined {
  if (!usage) return undefined;
  const prompt_tokens = tokens(usage.prompt_tokens);
  const completion_tokens = tokens(usage.completion_tokens);
  const total_tokens = tokens(usage.total_tokens) || prompt_tokens + completion_tokens;
  return { prompt_tokens, completion_tokens, total_tokens };
}

const tokens = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.floor(value) : 0;

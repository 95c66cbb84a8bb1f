import type OpenAI from 'openai';

import type { FinishReason, ModelDelta, Usage } from './model.ts';
import { broken } from './openai-errors.ts';
import { toolCallReader } from './openai-tool-calls.ts';

/**
 * One answer's chunks → deltas. Written for what servers really send rather than for the types: usage in a last
 * chunk without choices, in every chunk, or never; role-only and empty deltas; content as a list of parts; the
 * legacy `function_call`; finish reasons of a server's own.
 */
export interface AnswerReader {
  /** @throws {ModelError} for what is no chunk */
  read(chunk: OpenAI.Chat.ChatCompletionChunk): Generator<ModelDelta>;
  /** Whether the server has announced the end of the answer. */
  readonly finished: boolean;
  /** Whether the answer is longer than any that is taken: it ends here, as one that its length has ended. */
  readonly full: boolean;
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

/**
 * Characters of one answer: of its text, and of its calls with their names. Far beyond what any model writes; a server
 * that never stops must not fill the memory, nor storage.
 */
export const MAX_ANSWER_CHARACTERS = 1_000_000;

export function answerReader(): AnswerReader {
  const calls = toolCallReader();
  let finish: string | undefined;
  let usage: Usage | undefined;
  let begun = false;
  let failed = false;
  /** Half a surrogate pair: sent on alone it would be lost in UTF-8, so it waits for its other half. */
  let half = '';
  const room = { text: MAX_ANSWER_CHARACTERS, calls: MAX_ANSWER_CHARACTERS };
  let full = false;

  function wholeCharacters(piece: string): string {
    const text = half + piece;
    half = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
    return half ? text.slice(0, -1) : text;
  }

  /** As much of a piece as there is room for; the first that does not fit is the last. */
  function fitting(piece: string, kind: keyof typeof room): string {
    if (full) return '';
    const kept = piece.slice(0, room[kind]);
    full = kept.length < piece.length;
    room[kind] -= kept.length;
    // Half a character is none.
    return full ? kept.replace(/[\ud800-\udbff]$/, '') : kept;
  }

  function* calling(pieces: Generator<ModelDelta>): Generator<ModelDelta> {
    for (const piece of pieces) {
      if (piece.type !== 'tool-call') continue;
      const name = fitting(piece.name ?? '', 'calls');
      const text = fitting(piece.arguments, 'calls');
      if (full && piece.name !== undefined && name !== piece.name) return;
      yield { ...piece, arguments: text };
      if (full) return;
    }
  }

  return {
    *read(chunk) {
      const choices = choicesOf(chunk);
      usage = readUsage(chunk.usage) ?? usage;
      const choice = choices.find(({ index }) => (index ?? 0) === 0);
      if (!choice) return;
      const delta: LooseDelta = choice.delta ?? {};
      const text = fitting(wholeCharacters(textOf(delta.content)), 'text');
      if (text) yield { type: 'text', text };
      const refusal = typeof delta.refusal === 'string' ? fitting(delta.refusal, 'text') : '';
      if (refusal) yield { type: 'refusal', text: refusal };
      if (Array.isArray(delta.tool_calls))
        for (const piece of delta.tool_calls) yield* calling(calls.read(piece));
      if (delta.function_call) yield* calling(calls.read({ index: 0, function: delta.function_call }));
      begun = true;
      if (FAILURES.has(choice.finish_reason ?? '')) failed = true;
      else if (choice.finish_reason) finish = choice.finish_reason;
    },
    get full() {
      return full;
    },
    get finished() {
      return full || finish !== undefined;
    },
    get begun() {
      return begun && !failed;
    },
    *end() {
      if (half && !full) yield { type: 'text', text: half };
      yield* calling(calls.end());
      if (usage) yield { type: 'usage', usage };
      yield { type: 'finish', reason: full ? 'length' : finishReason(finish, calls.any) };
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
  if (!usage || typeof usage !== 'object') return undefined;
  const prompt_tokens = tokens(usage.prompt_tokens);
  const completion_tokens = tokens(usage.completion_tokens);
  const total_tokens = tokens(usage.total_tokens) || prompt_tokens + completion_tokens;
  return { prompt_tokens, completion_tokens, total_tokens };
}

/** More than any model reads at once; typed clients hold the sum over a run's calls in 32 bits. */
const MOST_TOKENS = 10_000_000;

/** What is no count is none. */
const tokens = (value: unknown): number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MOST_TOKENS ? value : 0;

/** @throws {ModelError} */
function choicesOf(chunk: unknown): readonly OpenAI.Chat.ChatCompletionChunk.Choice[] {
  if (typeof chunk !== 'object' || chunk === null || Array.isArray(chunk))
    throw broken('a chunk of it is no object');
  const { choices } = chunk as { choices?: unknown };
  if (choices === undefined || choices === null) return [];
  const isList = Array.isArray(choices) && choices.every((one) => typeof one === 'object' && one !== null);
  if (!isList) throw broken('its choices are no list of objects');
  return choices as OpenAI.Chat.ChatCompletionChunk.Choice[];
}

import type { ChatMessage } from './model.ts';
import { type TokenCounter, tokenBound, tokenCounter } from './tokens.ts';

export type ContextSizes = (model: string) => number;

/** For models that the setting does not name. */
const DEFAULT_CONTEXT_TOKENS = 128_000;
/** What the hosted models add around each message and around a name. */
const MESSAGE_TOKENS = 3;
const NAME_TOKENS = 1;
/** Around each tool call; generous, as models differ. */
const CALL_TOKENS = 8;
/** An image in low detail, and the most that one in high detail takes: 85, and 170 for each of at most 8 tiles. */
const LOW_DETAIL_TOKENS = 85;
const HIGH_DETAIL_TOKENS = 85 + 8 * 170;
const OTHER_PART_TOKENS = HIGH_DETAIL_TOKENS;

/**
 * Reads `gpt-4o=128000,o3*=200000,*=32000`: names or beginnings of names (`*` at the end). The longest beginning that
 * fits decides, an exact name before all.
 * @throws {RangeError} naming the entry that cannot be read
 */
export function parseContextSizes(setting: string): ContextSizes {
  const exact = new Map<string, number>();
  const beginnings: { readonly start: string; readonly tokens: number }[] = [];
  for (const entry of setting.split(',').map((text) => text.trim())) {
    if (!entry) continue;
    const [, name, size] = /^([^=*\s]*\*?)\s*=\s*([1-9]\d{2,8})$/.exec(entry) ?? [];
    if (!name || !size) {
      throw new RangeError(
        `'${entry}' is no context size; write NAME=TOKENS or START*=TOKENS, for example gpt-4o=128000,*=32000`,
      );
    }
    if (name.endsWith('*')) beginnings.push({ start: name.slice(0, -1), tokens: Number(size) });
    else exact.set(name, Number(size));
  }
  beginnings.sort((a, b) => b.start.length - a.start.length);
  return (model) =>
    exact.get(model) ??
    beginnings.find(({ start }) => model.startsWith(start))?.tokens ??
    DEFAULT_CONTEXT_TOKENS;
}

const parsed = new Map<string, ContextSizes>();

/** How many tokens the context of `model` holds, by the setting MODEL_CONTEXT_TOKENS. */
export function contextTokens(setting: string, model: string): number {
  const sizes = parsed.get(setting) ?? parseContextSizes(setting);
  parsed.set(setting, sizes);
  return sizes(model);
}

/** Tokens of a message by `count`: exact for text up to what a model adds around it; images at their largest. */
export function messageTokens(message: ChatMessage, count: TokenCounter): number {
  let tokens = MESSAGE_TOKENS;
  if ('name' in message && message.name) tokens += NAME_TOKENS + count(message.name);
  if (typeof message.content === 'string') tokens += count(message.content);
  for (const part of Array.isArray(message.content) ? message.content : []) {
    if (part.type === 'text') tokens += count(part.text);
    else if (part.type === 'refusal') tokens += count(part.refusal);
    else if (part.type === 'image_url') {
      tokens += part.image_url.detail === 'low' ? LOW_DETAIL_TOKENS : HIGH_DETAIL_TOKENS;
    } else tokens += OTHER_PART_TOKENS;
  }
  if (message.role === 'assistant') {
    if (message.refusal) tokens += count(message.refusal);
    for (const call of message.tool_calls ?? []) {
      const { name, input } =
        call.type === 'function' ? { name: call.function.name, input: call.function.arguments } : call.custom;
      tokens += CALL_TOKENS + count(name) + count(input);
    }
  }
  return tokens;
}

/** Tokens of messages as `model` counts them; see {@link messageTokens}. Loads the tokenizer. */
export async function countMessageTokens(messages: readonly ChatMessage[], model: string): Promise<number> {
  return sum(messages, await tokenCounter(model));
}

/**
 * A counter for deciding which of `messages` fit into `limit` tokens. While even an upper bound of all of them fits,
 * as in most threads, it is that bound, which takes no tokenizer; else it counts.
 */
export async function messageCounter(
  messages: readonly ChatMessage[],
  limit: number,
  model: string,
): Promise<(messages: readonly ChatMessage[]) => number> {
  const count = sum(messages, tokenBound) <= limit ? tokenBound : await tokenCounter(model);
  return (some) => sum(some, count);
}

const sum = (messages: readonly ChatMessage[], count: TokenCounter): number =>
  messages.reduce((tokens, message) => tokens + messageTokens(message, count), 0);

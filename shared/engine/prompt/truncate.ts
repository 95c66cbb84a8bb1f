import type { Run } from '../../api/run.ts';
import type { PromptGroup } from './build-prompt.ts';

export interface TruncationLimits {
  readonly strategy: NonNullable<Run['truncation_strategy']>;
  /** Tokens the conversation may take. */
  readonly tokens: number;
}

/**
 * Keeps the newest groups: the last n messages of the thread, and as many as fit. What a run did itself
 * (`ownGroups` groups at the end) counts first. The newest group stays even when it alone is too long, so that
 * the model's server says what is wrong instead of a silent empty prompt. Pure.
 */
export function truncate(
  groups: readonly PromptGroup[],
  limits: TruncationLimits,
  countTokens: (group: PromptGroup) => number,
  ownGroups: number,
): PromptGroup[] {
  const keepMessages =
    limits.strategy.type === 'last_messages'
      ? (limits.strategy.last_messages ?? Number.POSITIVE_INFINITY)
      : Number.POSITIVE_INFINITY;
  let messages = 0;
  let tokens = 0;
  let first = groups.length;
  for (let index = groups.length - 1; index >= 0; index--) {
    const group = groups[index]!;
    const own = index >= groups.length - ownGroups;
    tokens += countTokens(group);
    if (!own) messages += group.threadMessages;
    if (messages > keepMessages) break;
    if (tokens > limits.tokens && first < groups.length && !own) break;
    first = index;
  }
  return groups.slice(first);
}

import type OpenAI from 'openai';

import { type Clock, MINUTE, SECOND, unixSeconds } from '../clock.ts';
import type { ModelInfo } from './model.ts';
import type { ModelConfig } from './openai.ts';
import type { ClientSource } from './openai-client.ts';

const FRESH_FOR = 5 * MINUTE;
/** After a failure the server is left alone for so long. */
const FAILED_FOR = 10 * SECOND;
const TIMEOUT = 5 * SECOND;

/**
 * The models to list: those of the setting MODELS, else what the server lists, kept for five minutes. A server that
 * cannot be asked, or has no list, is no error: the last known list (at first, none) stands in.
 */
export function modelList(
  config: ModelConfig,
  client: ClientSource,
  clock: Clock,
): () => Promise<readonly ModelInfo[]> {
  const named = config.MODELS.split(',').flatMap((name) => name.trim() || []);
  if (named.length > 0) {
    const created = unixSeconds(clock.now());
    const models = [...new Set(named)].map((id) => ({ id, created, owned_by: 'system' }));
    return async () => models;
  }
  let known: readonly ModelInfo[] = [];
  let askAgainAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      const { models } = await client();
      const page = await models.list({ timeout: TIMEOUT });
      known = (page.data ?? []).filter(canChat).map(modelInfo);
      askAgainAt = clock.now() + FRESH_FOR;
    } catch {
      askAgainAt = clock.now() + FAILED_FOR;
    } finally {
      asking = undefined;
    }
  }

  return async () => {
    if (clock.now() >= askAgainAt) {
      asking ??= ask();
      await asking;
    }
    return known;
  };
}

function modelInfo(model: OpenAI.Models.Model): ModelInfo {
  // Azure says created_at.
  const created = 'created_at' in model ? model.created_at : model.created;
  return {
    id: model.id,
    created: typeof created === 'number' ? created : 0,
    owned_by: model.owned_by ?? 'system',
  };
}

/** Azure lists every kind of model, with what each can do; others say nothing. */
function canChat(model: OpenAI.Models.Model): boolean {
  if (typeof model?.id !== 'string') return false;
  const able = 'capabilities' in model && model.capabilities;
  if (!able || typeof able !== 'object' || !('chat_completion' in able)) return true;
  return able.chat_completion === true;
}

import type { MessageRecord } from '../../api/message.ts';
import type { RunRecord } from '../../api/run.ts';
import type { RunStepRecord } from '../../api/run-step.ts';
import type { Stores } from '../../store/stores.ts';

export interface History {
  /** Oldest first, without messages of this run. */
  readonly messages: readonly MessageRecord[];
  readonly pastSteps: readonly RunStepRecord[];
}

/** Rough, and generous: real tokenizers average about four characters a token. */
const CHARACTERS_PER_TOKEN = 4;
const FIRST_PAGE = 100;

/**
 * Reads the thread backwards until more text is there than the model can take, so that a long thread costs
 * no more than the model can read.
 */
export async function loadHistory(
  stores: Pick<Stores, 'messages' | 'runSteps'>,
  run: RunRecord,
  limits: { readonly contextTokens: number; readonly maxMessages: number },
): Promise<History> {
  const { thread_id, truncation_strategy, id } = run.object;
  const wanted =
    truncation_strategy?.type === 'last_messages' && truncation_strategy.last_messages
      ? Math.min(limits.maxMessages, truncation_strategy.last_messages)
      : limits.maxMessages;
  const newestFirst: MessageRecord[] = [];
  let characters = 0;
  let after: string | undefined;
  while (newestFirst.length < wanted && characters < limits.contextTokens * CHARACTERS_PER_TOKEN) {
    const limit = Math.min(after ? 500 : FIRST_PAGE, wanted - newestFirst.length + run.work.modelCalls);
    const page = await stores.messages.list(thread_id, { limit, order: 'desc', after });
    for (const message of page.data) {
      if (message.object.run_id === id) continue;
      newestFirst.push(message);
      characters += textLength(message);
    }
    after = page.data.at(-1)?.object.id;
    if (!page.hasMore || !after) break;
  }
  const messages = newestFirst.slice(0, wanted).reverse();
  return { messages, pastSteps: await loadSteps(stores, run, messages) };
}

/** Images count as nothing here: a data URL is long and takes few tokens. */
const textLength = ({ object }: MessageRecord): number =>
  object.content.reduce((sum, part) => sum + (part.type === 'text' ? part.text.value.length : 0), 0);

async function loadSteps(
  stores: Pick<Stores, 'runSteps'>,
  run: RunRecord,
  messages: readonly MessageRecord[],
): Promise<readonly RunStepRecord[]> {
  if (!run.work.threadHasToolSteps) return [];
  const runs = new Set(messages.flatMap(({ object }) => (object.run_id === null ? [] : [object.run_id])));
  return stores.runSteps.ofRunsBefore(run.object.thread_id, [...runs], run.object.id);
}

import type { MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import type { Stores } from '../store/stores.ts';

export interface History {
  /** Oldest first, without messages of this run. */
  readonly messages: readonly MessageRecord[];
  readonly pastSteps: readonly RunStepRecord[];
  readonly images: ReadonlyMap<string, string>;
}

/** Rough, and generous: real tokenizers average about four characters a token. */
const CHARACTERS_PER_TOKEN = 4;
const FIRST_PAGE = 100;
/** Images larger than this are not sent to a model. https://platform.openai.com/docs/guides/images-vision */
const MAX_IMAGE_BYTES = 20 * 1024 * 1024;

/**
 * Reads the thread backwards until more text is there than the model can take, so that a long thread costs
 * no more than the model can read.
 */
export async function loadHistory(
  stores: Pick<Stores, 'messages' | 'runSteps' | 'files'>,
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
      characters += JSON.stringify(message.object.content).length;
    }
    after = page.data.at(-1)?.object.id;
    if (!page.hasMore || !after) break;
  }
  const messages = newestFirst.slice(0, wanted).reverse();
  const [pastSteps, images] = await Promise.all([
    loadSteps(stores, run, messages),
    loadImages(stores, run, messages),
  ]);
  return { messages, pastSteps, images };
}

async function loadSteps(
  stores: Pick<Stores, 'runSteps'>,
  run: RunRecord,
  messages: readonly MessageRecord[],
): Promise<readonly RunStepRecord[]> {
  const firstRun = messages.find(({ object }) => object.run_id !== null)?.object.run_id;
  if (!run.work.threadHasToolSteps || !firstRun) return [];
  return stores.runSteps.between(run.object.thread_id, firstRun, run.object.id);
}

async function loadImages(
  stores: Pick<Stores, 'files'>,
  run: RunRecord,
  messages: readonly MessageRecord[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set<string>();
  for (const { object } of messages) {
    if (object.role !== 'user') continue;
    for (const part of object.content) if (part.type === 'image_file') ids.add(part.image_file.file_id);
  }
  const images = new Map<string, string>();
  await Promise.all(
    [...ids].map(async (id) => {
      const file = await stores.files.get(run.project, id);
      if (!file || file.object.bytes > MAX_IMAGE_BYTES) return;
      const content = await stores.files.read(run.project, id);
      if (content) images.set(id, `data:${imageType(content)};base64,${content.toString('base64')}`);
    }),
  );
  return images;
}

/** By content: uploads often carry no useful name. */
function imageType(content: Buffer): string {
  if (content.subarray(0, 3).toString('hex') === 'ffd8ff') return 'image/jpeg';
  if (content.subarray(0, 4).toString('latin1') === 'GIF8') return 'image/gif';
  if (content.subarray(8, 12).toString('latin1') === 'WEBP') return 'image/webp';
  return 'image/png';
}

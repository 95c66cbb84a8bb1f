import type OpenAI from 'openai';

import { createThread as createThreadRequest } from '../shared/api/thread.ts';
import { createThread } from '../shared/threads/create-thread.ts';
import { type TestApi, testApi } from '../test/support/api.ts';
import { echo } from '../test/support/scripted-model.ts';
import { storageTraffic } from '../test/support/storage-traffic.ts';
import { milliseconds, percentile, type Report } from './report.ts';

const SMALL = 20;
const LARGE = 20_000;
const PAGE = 20;
const SAMPLES = 100;
const WARM_UP = 20;
const RUNS = 30;

/**
 * One page, and one run, in a thread of 20,000 messages against a thread of 20: ratios of medians. A table on
 * Azure reads a range; Azurite looks at every row of its table and sorts what fits, which no query changes. So
 * the aim for pages holds what they cost beside storage, and how often they ask it.
 */
export async function run(report: Report): Promise<void> {
  await using api = await testApi({ RATE_LIMIT_PER_MINUTE: '1000000' });
  api.engine.model.respond(echo);
  const client = api.client();
  const small = await conversation(api, SMALL);
  const large = await conversation(api, LARGE);
  await pages(report, client, small, large);
  await runs(report, api, small, large);
}

interface Conversation {
  readonly threadId: string;
  /** Cursors behind which a page begins. */
  readonly middle: string;
  readonly last: Readonly<Record<'asc' | 'desc', string>>;
}

/** Below the door: one request may carry no list of messages that long. */
async function conversation(api: TestApi, size: number): Promise<Conversation> {
  const { threads } = api.client().beta;
  const messages = Array.from({ length: size }, (_, index) => ({
    role: index % 2 ? ('assistant' as const) : ('user' as const),
    content: `Message ${index} of a conversation that goes on and on.`,
  }));
  const request = createThreadRequest.parse({ messages });
  const threadId = (await createThread(api.engine.services, 'team-a', request)).object.id;
  const ids: string[] = [];
  for await (const { id } of threads.messages.list(threadId, { order: 'asc', limit: 100 })) ids.push(id);
  const at = (index: number) => ids[index] ?? '';
  return { threadId, middle: at(size / 2), last: { asc: at(size - PAGE - 1), desc: at(PAGE) } };
}

interface Cost {
  /** Milliseconds. */
  readonly total: number;
  readonly storage: number;
  readonly transactions: number;
}

async function pages(report: Report, client: OpenAI, small: Conversation, large: Conversation) {
  const page = (threadId: string, order: 'asc' | 'desc', after?: string) => async (): Promise<Cost> => {
    const query = { order, limit: PAGE, ...(after ? { after } : {}) };
    const started = performance.now();
    const { transactions } = await storageTraffic(() => client.beta.threads.messages.list(threadId, query));
    const total = performance.now() - started;
    const storage = transactions.reduce((sum, transaction) => sum + transaction.milliseconds, 0);
    return { total, storage, transactions: transactions.length };
  };
  for (const order of ['desc', 'asc'] as const) {
    for (const [place, after] of [
      ['first', undefined],
      ['middle', large.middle],
      ['last', large.last[order]],
    ] as const) {
      const whole = page(small.threadId, order);
      const part = page(large.threadId, order, after);
      const [few, many] = await alternately(whole, part, SAMPLES);
      const times = (of: (cost: Cost) => number) => ratio(few.map(of), many.map(of));
      const what = `${place} page (${order}) of ${LARGE} messages : all of ${SMALL}`;
      report.row(
        `${what}, without storage`,
        times(({ total, storage }) => total - storage),
        '≤ 1.2 ×',
      );
      report.row(
        '    with the emulator',
        times(({ total }) => total),
      );
      report.row(
        '    of that, until the emulator has answered',
        times(({ storage }) => storage),
      );
      report.row(
        '    storage transactions',
        `${many[0]?.transactions} : ${few[0]?.transactions}`,
        'the same',
      );
    }
  }
}

async function runs(report: Report, api: TestApi, small: Conversation, large: Conversation) {
  const { assistants, threads } = api.client().beta;
  const { id: assistant_id } = await assistants.create({ model: 'scripted' });
  const once = (threadId: string) => async () => {
    const started = performance.now();
    const stream = await threads.runs.create(threadId, {
      assistant_id,
      // The model reads the same in both, so that the thread's length is all that differs.
      truncation_strategy: { type: 'last_messages', last_messages: 10 },
      stream: true,
    });
    for await (const _event of stream);
    return performance.now() - started;
  };
  const [few, many] = await alternately(once(small.threadId), once(large.threadId), RUNS);
  report.row(`streamed run in a thread of ${LARGE} messages : of ${SMALL}`, ratio(few, many), '≤ 1.5 ×');
}

/** In turns, so that what else the machine does hits both alike. */
async function alternately<T>(
  one: () => Promise<T>,
  other: () => Promise<T>,
  samples: number,
): Promise<readonly [T[], T[]]> {
  const results: [T[], T[]] = [[], []];
  for (let sample = -WARM_UP; sample < samples; sample++) {
    for (const [index, work] of [one, other].entries()) {
      const result = await work();
      if (sample >= 0) results[index]?.push(result);
    }
  }
  return results;
}

function ratio(few: readonly number[], many: readonly number[]): string {
  const [a, b] = [percentile(few, 0.5), percentile(many, 0.5)];
  return `${(b / a).toFixed(2)} × (${milliseconds(b)} : ${milliseconds(a)})`;
}

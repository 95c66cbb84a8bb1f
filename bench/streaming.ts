import { setTimeout as delay } from 'node:timers/promises';

import OpenAI from 'openai';
import { startEmulation } from '../local/emulation.ts';
import { type ScriptedModel, startScriptedModel } from '../test/support/scripted-model.ts';
import type { Piece, Turn } from '../test/support/scripted-turn.ts';
import { milliseconds, p50p95, percentile, type Report } from './report.ts';

const STREAMS = 40;
const WORDS = 25;
const WORD_MS = 10;

/** One stream: when the model sent each word, and when the client had it, in milliseconds of this process. */
interface Timed {
  readonly sent: number[];
  readonly received: number[];
}

/** What a word takes through Hourglass, against the same words straight from the same model. */
export async function run(report: Report): Promise<void> {
  const model = await startScriptedModel();
  const emulation = await startEmulation({
    port: 0,
    environment: { ...process.env, OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'none' },
  });
  try {
    const client = new OpenAI({ baseURL: `${emulation.url}/v1`, apiKey: emulation.apiKey });
    const { id: assistant_id } = await client.beta.assistants.create({ model: 'scripted' });
    const through = async (timed: Timed) => {
      const { id } = await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
      for await (const { event } of await client.beta.threads.runs.create(id, {
        assistant_id,
        stream: true,
      })) {
        if (event === 'thread.message.delta') timed.received.push(performance.now());
      }
    };
    const straight = async (timed: Timed) => {
      const completions = new OpenAI({ baseURL: model.url, apiKey: 'none' }).chat.completions;
      const messages = [{ role: 'user' as const, content: 'Hello' }];
      for await (const chunk of await completions.create({ model: 'scripted', messages, stream: true })) {
        if (chunk.choices[0]?.delta.content) timed.received.push(performance.now());
      }
    };
    // By turns, so that whatever else this machine does falls on both.
    const ours: Timed[] = [];
    const direct: Timed[] = [];
    for (let n = 0; n < STREAMS + 5; n++) {
      const pair = [await timedStream(model, through), await timedStream(model, straight)] as const;
      if (n < 5) continue;
      ours.push(pair[0]);
      direct.push(pair[1]);
    }
    const first = firstWords(ours);
    const each = words(ours);
    const added = percentile(each, 0.5) - percentile(words(direct), 0.5);
    report.row("model's first word → client's first delta (p50 / p95)", p50p95(first), '≤ 25 ms p50');
    report.row('the same straight from the model (p50 / p95)', p50p95(firstWords(direct)));
    report.row('each word → its delta (p50 / p95)', p50p95(each));
    report.row('the same straight from the model (p50 / p95)', p50p95(words(direct)));
    report.row('added for each word (difference of the p50)', milliseconds(added));
  } finally {
    await emulation.stop();
    await model.stop();
  }
}

async function timedStream(model: ScriptedModel, read: (timed: Timed) => Promise<void>): Promise<Timed> {
  const timed: Timed = { sent: [], received: [] };
  model.add(wordsOf(timed));
  await read(timed);
  if (timed.received.length !== WORDS) throw new Error(`${timed.received.length} of ${WORDS} words arrived`);
  return timed;
}

function wordsOf({ sent }: Timed): Turn {
  const pieces: Piece[] = Array.from({ length: WORDS }, (_, word) => [
    {
      get gate() {
        return delay(WORD_MS).then(() => sent.push(performance.now()));
      },
    },
    `word${word} `,
  ]).flat();
  return { pieces };
}

const times = ({ sent, received }: Timed): number[] => received.map((at, n) => at - sent[n]!);
const firstWords = (streams: readonly Timed[]): number[] => streams.map((one) => times(one)[0]!);
const words = (streams: readonly Timed[]): number[] => streams.flatMap((one) => times(one).slice(1));

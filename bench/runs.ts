import OpenAI from 'openai';
import { startEmulation } from '../local/emulation.ts';
import { echo, startScriptedModel } from '../test/support/scripted-model.ts';
import { p50p95, type Report } from './report.ts';

const RUNS = 60;
const AT_ONCE = 16;

/** Runs without tools against an instant model, over HTTP, on real storage: what Hourglass itself costs. */
export async function run(report: Report): Promise<void> {
  const model = await startScriptedModel({ respond: echo });
  const emulation = await startEmulation({
    port: 0,
    environment: {
      ...process.env,
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'none',
      RATE_LIMIT_PER_MINUTE: '1000000',
    },
  });
  try {
    const client = new OpenAI({ baseURL: `${emulation.url}/v1`, apiKey: emulation.apiKey });
    const { id: assistant_id } = await client.beta.assistants.create({ model: 'scripted' });
    const thread = () => client.beta.threads.create({ messages: [{ role: 'user', content: 'Hello' }] });

    async function streamed(): Promise<number> {
      const { id } = await thread();
      const started = performance.now();
      for await (const event of await client.beta.threads.runs.create(id, { assistant_id, stream: true }))
        void event;
      return performance.now() - started;
    }
    async function queued(): Promise<number> {
      const { id } = await thread();
      const started = performance.now();
      const { id: runId } = await client.beta.threads.runs.create(id, { assistant_id });
      for (;;) {
        const run = await client.beta.threads.runs.retrieve(runId, { thread_id: id });
        if (run.status === 'completed') return performance.now() - started;
        if (run.status !== 'queued' && run.status !== 'in_progress')
          throw new Error(`a run ended ${run.status}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    const several = async (one: () => Promise<number>) => {
      for (let i = 0; i < 10; i++) await one();
      const times: number[] = [];
      for (let i = 0; i < RUNS; i++) times.push(await one());
      return times;
    };

    report.row(
      'streamed run without tools, request → done (p50 / p95)',
      p50p95(await several(streamed)),
      '≤ 60 ms p50',
    );
    const times = await several(queued);
    report.row(
      'queued run without tools, create → completed (p50 / p95)',
      p50p95(times),
      '≤ 60 ms p50 beyond polling',
    );
    const started = performance.now();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let i = 0; i < 15; i++) await queued();
      }),
    );
    const perSecond = (AT_ONCE * 15) / ((performance.now() - started) / 1000);
    report.row(`queued runs, ${AT_ONCE} at once`, `${perSecond.toFixed(1)} runs/s`, '≥ 40 runs/s');
    const streamStarted = performance.now();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let i = 0; i < 15; i++) await streamed();
      }),
    );
    const streams = (AT_ONCE * 15) / ((performance.now() - streamStarted) / 1000);
    report.row(`streamed runs, ${AT_ONCE} at once`, `${streams.toFixed(1)} runs/s`, '≥ 40 runs/s');
  } finally {
    await emulation.stop();
    await model.stop();
  }
}

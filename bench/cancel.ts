import OpenAI from 'openai';
import { startEmulation } from '../local/emulation.ts';
import { startScriptedModel } from '../test/support/scripted-model.ts';
import { p50p95, type Report } from './report.ts';

const RUNS = 20;

/** How long a run that is being worked on goes on after it was cancelled. */
export async function run(report: Report): Promise<void> {
  const model = await startScriptedModel({ respond: () => ({ text: 'Half an answer', pieces: ['stall'] }) });
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
    const { threads } = client.beta;
    const { id: assistant_id } = await client.beta.assistants.create({ model: 'scripted' });
    const times: number[] = [];
    for (let n = 1; n <= RUNS; n++) {
      const { id: thread_id } = await threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
      const { id } = await threads.runs.create(thread_id, { assistant_id });
      await model.received(n);
      const started = performance.now();
      await threads.runs.cancel(id, { thread_id });
      while ((await threads.runs.retrieve(id, { thread_id })).status !== 'cancelled') {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      times.push(performance.now() - started);
    }
    report.row('a run while the model writes, cancel → cancelled (p50 / p95)', p50p95(times), '≤ 2 s p95');
  } finally {
    await emulation.stop();
    await model.stop();
  }
}

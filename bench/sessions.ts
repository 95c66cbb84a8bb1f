import { availableParallelism, loadavg } from 'node:os';
import OpenAI from 'openai';
import type { ArmEmulator } from '../local/arm/emulator.ts';
import { startEmulation } from '../local/emulation.ts';
import { startScriptedModel } from '../test/support/scripted-model.ts';
import { run as runCode, sessionsOn } from '../test/support/sessions.ts';
import { milliseconds, p50p95, percentile, type Report } from './report.ts';
import { type CodeCalls, codeCalls } from './sessions/code-call.ts';
import { measureBareKernel } from './sessions/jupyter.ts';
import { measureLargeFile } from './sessions/large-file.ts';

const FIRST_CALLS = 5;
const CALLS = 30;
const PLOTS = 10;
const SUM = '1+1';
const PLOT = 'import matplotlib.pyplot as plt\nplt.plot([1, 2, 4])\nplt.show()';

/**
 * Calls of code, from the model's call to the request that brings it the result, in streamed runs; beside them a
 * bare Jupyter kernel, which has no sandbox, no HTTP, and saves nothing.
 */
export async function run(report: Report): Promise<void> {
  // Starts take processor time: on a busy machine compare them with the bare kernel's, not with the aim.
  const load = () => `${loadavg()[0]?.toFixed(1)} on ${availableParallelism()}`;
  report.row('load and processors at the beginning', load());
  await withCalls(0, async (calls) => {
    const first = await several(FIRST_CALLS, async () => calls.run(await calls.newThread(), SUM));
    report.row('first code call, no warm sandbox (p50 / p95)', p50p95(first), '≤ 3 s');
  });
  await withCalls(1, async (calls, arm) => {
    const first = await several(FIRST_CALLS, async () => {
      await arm.warmed();
      return calls.run(await calls.newThread(), SUM);
    });
    report.row('first code call, warm sandbox ready (p50 / p95)', p50p95(first), '≤ 0.3 s');
    await warmCalls(report, calls, arm);
  });
  const bare = await measureBareKernel(PLOTS, PLOT);
  report.row('bare Jupyter kernel: start', milliseconds(bare.start), 'yardstick');
  report.row('bare Jupyter kernel: 1+1 (p50 / p95)', p50p95(bare.sums), 'yardstick');
  report.row('bare Jupyter kernel: first plot', milliseconds(bare.firstPlot), 'yardstick');
  report.row('bare Jupyter kernel: plot (p50 / p95)', p50p95(bare.plots), 'yardstick');
  await measureLargeFile(report);
  report.row('load and processors at the end', load());
}

/** The same code in a run and by the agent alone, by turns: what else the machine does meets both alike. */
async function warmCalls(report: Report, calls: CodeCalls, arm: ArmEmulator): Promise<void> {
  const threadId = await calls.newThread();
  const { session } = await sessionsOn(arm).sessions.acquire('thread_bench', new AbortController().signal);
  const inRun = () => calls.run(threadId, SUM);
  const alone = async (code: string) => {
    const started = performance.now();
    const { done } = await runCode(session, code);
    if (done.status !== 'ok') throw new Error(`The code ended ${done.status}`);
    return [performance.now() - started];
  };
  for (let i = 0; i < 3; i++) await Promise.all([inRun(), alone(SUM)]);
  const times = { inRun: [] as number[], alone: [] as number[] };
  for (let i = 0; i < CALLS; i++) {
    times.inRun.push(...(await inRun()));
    times.alone.push(...(await alone(SUM)));
  }
  const overhead = percentile(times.inRun, 0.5) - percentile(times.alone, 0.5);
  report.row('warm 1+1 in a run (p50 / p95)', p50p95(times.inRun));
  report.row('warm 1+1 by the agent alone (p50 / p95)', p50p95(times.alone));
  report.row('warm 1+1: what a run adds to the agent (p50)', milliseconds(overhead), '≤ 40 ms');

  const [first = 0] = await calls.run(threadId, PLOT);
  report.row('first plot of a session, in a run', milliseconds(first));
  const plots = await several(PLOTS, () => calls.run(threadId, PLOT));
  report.row('plot in a run (p50 / p95)', p50p95(plots));
  await alone(PLOT);
  report.row('plot by the agent alone (p50 / p95)', p50p95(await several(PLOTS, () => alone(PLOT))));
}

async function several(times: number, one: () => Promise<readonly number[]>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) all.push(...(await one()));
  return all;
}

async function withCalls(
  warm: number,
  work: (calls: CodeCalls, arm: ArmEmulator) => Promise<void>,
): Promise<void> {
  const model = await startScriptedModel();
  const environment = { ...process.env, OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'none' };
  const emulation = await startEmulation({ warm, environment });
  try {
    const client = new OpenAI({ baseURL: `${emulation.url}/v1`, apiKey: emulation.apiKey });
    const calls = await codeCalls(client, model);
    // Once, so that the app's packages are loaded.
    await calls.run(await calls.newThread(), SUM);
    await work(calls, emulation.arm);
  } finally {
    await emulation.stop();
    await model.stop();
  }
}

import { setTimeout as delay } from 'node:timers/promises';

import type OpenAI from 'openai';

type RunStep = OpenAI.Beta.Threads.Runs.RunStep;

const TERMINAL = new Set(['completed', 'failed', 'cancelled', 'expired', 'incomplete', 'requires_action']);
/** Between polls, when the server does not say, in milliseconds. */
const POLL_MS = 500;

/**
 * Polls a run to its end, and prints each new status and each step as it comes: code, logs and pictures.
 * @throws when it ends otherwise than completed
 */
export async function followRun(
  client: OpenAI,
  threadId: string,
  runId: string,
  print: (line: string) => void,
): Promise<void> {
  const printed = new Map<string, string>();
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`.padStart(7);
  let status = '';
  for (;;) {
    const { data: run, response } = await client.beta.threads.runs
      .retrieve(runId, { thread_id: threadId })
      .withResponse();
    // After the run, so that a run seen as finished is followed by its last steps.
    const steps = await client.beta.threads.runs.steps.list(runId, { thread_id: threadId, order: 'asc' });
    for (const step of steps.data) {
      const lines = describe(step);
      const before = printed.get(step.id) ?? '';
      if (lines === before) continue;
      // What has been printed of a growing step is not printed again.
      print(lines.startsWith(before) ? lines.slice(before.length).replace(/^\n/, '') : lines);
      printed.set(step.id, lines);
    }
    if (run.status !== status) print(`${seconds()}  ${run.id} ${run.status}`);
    status = run.status;
    if (run.status === 'completed') return;
    if (TERMINAL.has(run.status)) {
      const reason = run.last_error?.message ?? run.incomplete_details?.reason ?? 'it gives no reason';
      throw new Error(`The run ended as ${run.status}: ${reason}`);
    }
    await delay(Number(response.headers.get('openai-poll-after-ms') ?? POLL_MS));
  }
}

/** A step as text that only grows while the step does. */
function describe(step: RunStep): string {
  const details = step.step_details;
  if (details.type === 'message_creation')
    return `step      ${step.id} message ${details.message_creation.message_id}`;
  const calls = details.tool_calls.map((call) => {
    if (call.type !== 'code_interpreter') return `${call.type} ${call.id}`;
    const { input, outputs } = call.code_interpreter;
    const finished = step.status !== 'in_progress';
    return [
      `code_interpreter ${call.id}`,
      ...(finished ? [indented(input)] : []),
      ...(finished ? outputs : []).map((output) =>
        output.type === 'logs' ? indented(output.logs, '  = ') : `  = picture ${output.image.file_id}`,
      ),
    ].join('\n');
  });
  return `step      ${step.id} ${calls.join('\n')}`;
}

const indented = (text: string, margin = '  | '): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => margin + line)
    .join('\n');

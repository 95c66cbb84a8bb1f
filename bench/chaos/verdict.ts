import type OpenAI from 'openai';

import type { Outcome } from './caller.ts';
import { answerTo } from './kinds.ts';

/** What must not happen, each with what happened. */
export interface Verdict {
  /** Runs that never ended, or ended otherwise than they should. */
  readonly lost: string[];
  /** Answers or questions that stand there twice, or not at all; code that ran twice. */
  readonly doubled: string[];
  /** Threads that take no message and no run any more. */
  readonly stuck: string[];
  /** Files that nothing leads to. */
  readonly orphans: string[];
}

export const faultless = (verdict: Verdict): boolean =>
  Object.values(verdict).every((problems: string[]) => problems.length === 0);

/** Looks at everything that is stored once the hosts are left in peace. */
export async function judge(
  client: OpenAI,
  outcomes: readonly Outcome[],
  stuck: readonly string[],
): Promise<Verdict> {
  const verdict: Verdict = { lost: [], doubled: [], stuck: [...stuck], orphans: [] };
  const shown = new Set<string>();
  for (const [threadId, ofThread] of Map.groupBy(outcomes, (outcome) => outcome.threadId)) {
    const messages: OpenAI.Beta.Threads.Message[] = [];
    for await (const message of client.beta.threads.messages.list(threadId, { limit: 100 }))
      messages.push(message);
    for (const message of messages) for (const id of filesOf(message)) shown.add(id);
    for (const outcome of ofThread) await judgeRun(client, outcome, messages, verdict);
  }
  for await (const { id, filename } of client.files.list({ purpose: 'assistants_output' })) {
    if (!shown.has(id)) verdict.orphans.push(filename);
  }
  return verdict;
}

async function judgeRun(
  client: OpenAI,
  { kind, question, run }: Outcome,
  messages: readonly OpenAI.Beta.Threads.Message[],
  { lost, doubled }: Verdict,
): Promise<void> {
  const ends = kind === 'cancel' ? ['cancelled', 'completed'] : ['completed'];
  if (!run || !ends.includes(run.status)) {
    lost.push(`${question}: ${run?.status ?? 'never ended'} ${run?.last_error?.message ?? ''}`);
    return;
  }
  const asked = messages.filter((message) => textOf(message) === question);
  if (asked.length !== 1) doubled.push(`${question}: asked ${asked.length} times`);
  const answers = messages.filter(({ run_id }) => run_id === run.id);
  if (run.status === 'completed') {
    const texts = answers.map(textOf);
    if (texts.length !== 1 || texts[0] !== answerTo(question))
      doubled.push(`${question}: ${texts.length} answers: ${texts.join(' | ')}`);
  } else if (answers.length > 1) doubled.push(`${question}: ${answers.length} half answers`);
  if (kind === 'code') {
    const logs = await logsOf(client, run);
    if (!logs.endsWith('begun\n1 times\n'))
      doubled.push(`${question}: its code said ${JSON.stringify(logs)}`);
  }
}

async function logsOf(client: OpenAI, run: OpenAI.Beta.Threads.Run): Promise<string> {
  const { data } = await client.beta.threads.runs.steps.list(run.id, { thread_id: run.thread_id });
  return data
    .flatMap(({ step_details: details }) => (details.type === 'tool_calls' ? details.tool_calls : []))
    .flatMap((call) => (call.type === 'code_interpreter' ? call.code_interpreter.outputs : []))
    .map((output) => (output.type === 'logs' ? output.logs : ''))
    .join('');
}

const textOf = ({ content }: OpenAI.Beta.Threads.Message): string =>
  content.map((part) => (part.type === 'text' ? part.text.value : '')).join('');

const filesOf = ({ content }: OpenAI.Beta.Threads.Message): string[] =>
  content
    .flatMap((part) => (part.type === 'text' ? part.text.annotations : []))
    .flatMap((annotation) => (annotation.type === 'file_path' ? [annotation.file_path.file_id] : []));

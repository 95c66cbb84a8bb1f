import type { RunRecord } from '../api/run.ts';
import { unixSeconds } from '../clock.ts';
import { messageChangesOf } from '../store/messages.ts';
import { stepChange } from '../store/run-steps.ts';
import type { RunRow } from '../store/runs.ts';
import type { RunEnd } from './decide.ts';
import type { EngineDependencies } from './dependencies.ts';
import { endRun } from './finish.ts';
import { loadWork } from './load-saved-run.ts';

/**
 * Ends a run that nobody works on: cancelled while it waits, expired without its caller's outputs, failed by
 * a message that cannot be handled. @throws {Conflict} when somebody took it meanwhile
 */
export async function endUnattended(
  dependencies: EngineDependencies,
  row: RunRow,
  end: RunEnd,
): Promise<RunRecord> {
  const { stores, clock, runQueue, reportEvents } = dependencies;
  const { work } = row.document;
  const { steps, messages } = await loadWork(stores, row.document);
  const ending = endRun(row.document, end, steps, messages, unixSeconds(clock.now()));
  const changes = [...ending.messages.flatMap(messageChangesOf), ...ending.steps.map(stepChange)];
  const newest = messages.at(-1)?.object.id;
  const saved = await stores.runs.finish(row, ending.run, changes, {
    ...(newest
      ? { lastMessageKey: newest.slice(-24), messageCount: work.messageCount + messages.length }
      : {}),
    ...(steps.some((step) => step.object.type === 'tool_calls') ? { hasToolSteps: true } : {}),
  });
  if (work.watchdog) await runQueue.remove(work.watchdog);
  await reportEvents({
    run: saved.document,
    steps: steps.map((step) => ending.steps.find(({ object }) => object.id === step.object.id) ?? step),
    messages: messages.map((one) => ending.messages.find(({ object }) => object.id === one.object.id) ?? one),
  });
  return saved.document;
}

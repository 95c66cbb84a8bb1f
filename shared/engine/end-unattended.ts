import type { MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import { unixSeconds } from '../clock.ts';
import { stepChange } from '../store/run-steps.ts';
import type { RunRow } from '../store/runs.ts';
import { messageChangesOf } from './call-model.ts';
import type { RunEnd } from './decide.ts';
import type { EngineDependencies } from './dependencies.ts';
import { endRun } from './finish.ts';

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
  const { object, project, work } = row.document;
  const steps = await stores.runSteps.ofRun(object.thread_id, object.id);
  const messages: MessageRecord[] = [];
  for (const step of steps) {
    const details = step.object.step_details;
    if (details.type !== 'message_creation') continue;
    const message = await stores.messages.get(project, object.thread_id, details.message_creation.message_id);
    if (message) messages.push(message);
  }
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
  await reportEvents(saved.document, ending.events);
  return saved.document;
}

import type { MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import type { ThreadState } from '../api/thread.ts';
import { sortKeyOf } from '../ids.ts';

/** What a run leaves behind in its thread's state, beside the lock that goes. Pure. */
export function threadAfterRun(
  { work }: RunRecord,
  steps: readonly RunStepRecord[],
  messages: readonly MessageRecord[],
): Partial<ThreadState> {
  const newest = sortKeyOf(messages.at(-1)?.object.id ?? '');
  return {
    ...(newest ? { lastMessageKey: newest, messageCount: work.messageCount + messages.length } : {}),
    ...(steps.some(({ object }) => object.type === 'tool_calls') ? { hasToolSteps: true } : {}),
  };
}

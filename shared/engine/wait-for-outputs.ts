import type { Run } from '../api/run.ts';
import type { RunStepRecord } from '../api/run-step.ts';
import { SECOND } from '../clock.ts';
import type { FunctionCall } from './decide.ts';
import type { RunContext } from './run-context.ts';
import { transition } from './run-state.ts';

/**
 * Hands function calls to the caller and ends the work. From here on the watchdog waits for the run's expiry:
 * put first, so that the run expires even if this worker dies in between.
 */
export async function waitForOutputs(
  context: RunContext,
  _step: RunStepRecord,
  calls: readonly FunctionCall[],
): Promise<void> {
  const { dependencies, claimed } = context;
  const { runQueue, clock } = dependencies;
  const { thread_id, id, expires_at } = context.run.object;
  const delay = expires_at === null ? 0 : Math.max(0, expires_at * SECOND - clock.now());
  const watchdog = await runQueue.put({ threadId: thread_id, runId: id, kind: 'watch' }, delay);
  const before = context.run.work.watchdog;
  const required_action = requiredAction(calls);
  await claimed.save((record) => ({
    ...record,
    object: { ...transition(record.object, 'requires_action', context.now()), required_action },
    work: { ...record.work, watchdog, leaseOwner: '', leaseUntil: 0 },
  }));
  claimed.stop();
  context.sink.emit({ event: 'thread.run.requires_action', data: context.run.object });
  if (before) await runQueue.remove(before);
}

const requiredAction = (calls: readonly FunctionCall[]): NonNullable<Run['required_action']> => ({
  type: 'submit_tool_outputs',
  submit_tool_outputs: {
    tool_calls: calls.map((call) => ({
      id: call.id,
      type: 'function',
      function: { name: call.function.name, arguments: call.function.arguments },
    })),
  },
});

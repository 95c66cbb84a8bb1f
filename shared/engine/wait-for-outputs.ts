import type { RunRecord } from '../api/run.ts';
import { SECOND } from '../clock.ts';
import type { FunctionCall } from '../run/decide.ts';
import { requiredAction } from '../run/required-action.ts';
import { awaitingOutputs } from '../run/run-changes.ts';
import { runWaits } from '../run/story.ts';
import { dismissWatchdog } from './claim/dismiss-watchdog.ts';
import type { RunContext } from './claim/run-context.ts';

/**
 * Hands function calls to the caller and ends the work. From here on the watchdog waits for the run's expiry:
 * put first, so that the run expires even if this worker dies in between.
 * @throws {Interruption}
 */
export async function waitForOutputs(context: RunContext, calls: readonly FunctionCall[]): Promise<void> {
  const { dependencies, claimed } = context;
  const { runQueue, clock } = dependencies;
  const { thread_id, id, expires_at } = context.run.object;
  const delay = expires_at === null ? 0 : Math.max(0, expires_at * SECOND - clock.now());
  const watchdog = await runQueue.put({ threadId: thread_id, runId: id, kind: 'watch' }, delay);
  let before: RunRecord['work']['watchdog'] = null;
  await claimed.giveBack((record) => {
    before = record.work.watchdog;
    return awaitingOutputs(record, requiredAction(calls), watchdog, clock.now());
  });
  context.sink.tell(runWaits(context.run.object));
  await dismissWatchdog(dependencies, before);
}

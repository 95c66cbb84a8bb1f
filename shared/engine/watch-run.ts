import type { QueueReceipt } from '../api/run.ts';
import { SECOND } from '../clock.ts';
import type { RunMessage } from '../queue/run-queue.ts';
import { isAttended, isExpired } from '../run/run-changes.ts';
import type { RunRow } from '../store/runs.ts';
import type { EngineDependencies } from './claim/dependencies.ts';

/** Puts the next watchdog of a run: at the run's expiry while it waits for its caller, else when the lease has run out. */
export async function putSuccessor(
  { runQueue, clock, config }: EngineDependencies,
  { document }: RunRow,
  message: RunMessage,
): Promise<QueueReceipt> {
  const now = clock.now();
  const { object, work } = document;
  if (isExpired(document, now)) return runQueue.put(message, config.runLeaseMs);
  if (object.status === 'requires_action') {
    return runQueue.put(message, (object.expires_at ?? 0) * SECOND - now);
  }
  return runQueue.put(message, isAttended(document, now) ? work.leaseUntil - now : config.runLeaseMs);
}

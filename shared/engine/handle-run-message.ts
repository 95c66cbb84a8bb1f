import { randomUUID } from 'node:crypto';

import type { QueueReceipt } from '../api/run.ts';
import { MINUTE } from '../clock.ts';
import { timeOfId } from '../ids.ts';
import type { RunMessage } from '../queue/run-queue.ts';
import { isAttended, isExpired } from '../run/run-changes.ts';
import { isTerminal } from '../run/run-state.ts';
import { retryConflicts } from '../store/retry-conflicts.ts';
import type { RunRow } from '../store/runs.ts';
import { ClaimedRun } from './claim/claimed-run.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { dismissWatchdog } from './claim/dismiss-watchdog.ts';
import { endUnattended } from './end-unattended.ts';
import { givenUp, MAX_ATTEMPTS } from './give-up.ts';
import { advanceClaimed } from './time-slice.ts';
import { putSuccessor } from './watch-run.ts';

/** A run may come into being this much later than its watchdog: storage is waited for. */
const LATE_BIRTH_MS = MINUTE;

/**
 * Handles one message by making sure that its run moves: ended or gone → nothing; somebody works on it → look
 * again later; otherwise claim and advance. Safe to deliver twice, late, and after a crash at any point.
 *
 * The invariant: while a run is live, some message about it waits unread and becomes visible within the lease.
 * Whoever works on the watchdog itself therefore first puts its successor.
 * @throws errors of storage: the message is delivered again
 */
export async function handleRunMessage(dependencies: EngineDependencies, message: RunMessage): Promise<void> {
  const { stores, crash } = dependencies;
  const row = await stores.runs.rowOfAny(message.threadId, message.runId);
  if (!row) return watchForBirth(dependencies, message);
  if (isTerminal(row.document.object.status)) return;
  const successor = message.kind === 'watch' ? await putSuccessor(dependencies, row, message) : null;
  if (successor) crash('while-working-on-watchdog');
  // Another writer need not be another worker: a caller may have changed the run's metadata.
  let read: RunRow | undefined = row;
  const claimed = await retryConflicts(async () => {
    const newest = read ?? (await stores.runs.rowOfAny(message.threadId, message.runId));
    read = undefined;
    return newest && takeUp(dependencies, newest, successor);
  });
  if (claimed) await advanceClaimed(dependencies, claimed);
}

/** Claims the run, or ends it where there is nothing to go on with. @throws {Conflict} when it changed meanwhile */
async function takeUp(
  dependencies: EngineDependencies,
  row: RunRow,
  successor: QueueReceipt | null,
): Promise<ClaimedRun | undefined> {
  const { object, work } = row.document;
  const now = dependencies.clock.now();
  if (isTerminal(object.status) || isAttended(row.document, now)) return undefined;
  const expired = isExpired(row.document, now);
  if (!expired && object.status === 'requires_action') return undefined;
  if (!expired && work.attempts < MAX_ATTEMPTS)
    return ClaimedRun.claim(dependencies, row, randomUUID(), successor);
  await endUnattended(dependencies, row, expired ? { status: 'expired' } : givenUp);
  await dismissWatchdog(dependencies, successor);
  return undefined;
}

/** A watchdog is put before its run: one whose run is not there yet looks again for a while. */
async function watchForBirth(
  { runQueue, clock, config }: EngineDependencies,
  message: RunMessage,
): Promise<void> {
  const born = timeOfId(message.runId);
  const age = born === undefined ? Number.POSITIVE_INFINITY : clock.now() - born;
  if (message.kind !== 'watch' || age > config.runLeaseMs + LATE_BIRTH_MS) return;
  await runQueue.put(message, config.runLeaseMs);
}

import { randomUUID } from 'node:crypto';

import type { QueueReceipt } from '../api/run.ts';
import { MINUTE, SECOND } from '../clock.ts';
import { timeOfId } from '../ids.ts';
import type { RunMessage } from '../queue/run-queue.ts';
import type { RunEnd } from '../run/decide.ts';
import { isAttended, isExpired } from '../run/run-changes.ts';
import type { RunSink } from '../run/run-event.ts';
import { isTerminal } from '../run/run-state.ts';
import { retryConflicts } from '../store/retry-conflicts.ts';
import type { RunRow } from '../store/runs.ts';
import { advanceRun } from './advance-run.ts';
import { ClaimedRun } from './claim/claimed-run.ts';
import type { EngineDependencies } from './claim/dependencies.ts';
import { dismissWatchdog } from './claim/dismiss-watchdog.ts';
import { Interruption } from './claim/interruption.ts';
import { wakeWorker } from './claim/wake-worker.ts';
import { endUnattended } from './end-unattended.ts';

/** How often a run may be taken up without anything of it being saved: it may be what kills its workers. */
export const MAX_ATTEMPTS = 10;
/** A run may come into being this much later than its watchdog: storage is waited for. */
const LATE_BIRTH_MS = MINUTE;

const givenUp: RunEnd = {
  status: 'failed',
  lastError: { code: 'server_error', message: 'The run could not be processed and was given up.' },
};

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
  const row = await stores.runs.row(message.threadId, message.runId);
  if (!row) return watchForBirth(dependencies, message);
  if (isTerminal(row.document.object.status)) return;
  const successor = message.kind === 'watch' ? await putSuccessor(dependencies, row, message) : null;
  if (successor) crash('while-working-on-watchdog');
  // Another writer need not be another worker: a caller may have changed the run's metadata.
  let read: RunRow | undefined = row;
  const claimed = await retryConflicts(async () => {
    const newest = read ?? (await stores.runs.row(message.threadId, message.runId));
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

/** The next look: at the run's expiry while it waits for its caller, else when the lease has run out. */
async function putSuccessor(
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

/** Time that a step in progress gets to end by itself when the process is asked to stop. */
const DRAIN_GRACE_MS = 2 * SECOND;

/**
 * Advances within this invocation's slice of time.
 * @param waiting the sink of a streaming request: no message stands behind such an invocation
 */
export function advanceClaimed(
  dependencies: EngineDependencies,
  claimed: ClaimedRun,
  waiting?: RunSink,
): Promise<void> {
  return dependencies.inProgress.track(advanceForASlice(dependencies, claimed, waiting));
}

async function advanceForASlice(
  dependencies: EngineDependencies,
  claimed: ClaimedRun,
  waiting: RunSink | undefined,
): Promise<void> {
  const { config, drain, openSink } = dependencies;
  const handOver = () => claimed.interrupt(new Interruption('drain'));
  const slice = setTimeout(handOver, config.runSliceMs);
  let grace: NodeJS.Timeout | undefined;
  const onDrain = () => {
    grace = setTimeout(handOver, DRAIN_GRACE_MS);
  };
  drain.addEventListener('abort', onDrain, { once: true });
  const sink = waiting ?? openSink(claimed.record);
  try {
    await advanceRun(dependencies, claimed, sink);
  } catch (error) {
    const { thread_id: threadId, id } = claimed.record.object;
    if (waiting) await wakeWorker(dependencies, threadId, id);
    throw error;
  } finally {
    clearTimeout(slice);
    clearTimeout(grace);
    drain.removeEventListener('abort', onDrain);
    await sink.close();
  }
}

/**
 * Ends a run whose message could not be handled however often it was tried. One that somebody works on after
 * all, or that waits for its caller, is left alone: its watchdog stands, or gets a successor here.
 */
export async function failPoisonedRun(dependencies: EngineDependencies, message: RunMessage): Promise<void> {
  const { stores, log, clock } = dependencies;
  const row = await stores.runs.row(message.threadId, message.runId);
  if (!row || isTerminal(row.document.object.status)) return;
  const waits = row.document.object.status === 'requires_action' && !isExpired(row.document, clock.now());
  if (waits || isAttended(row.document, clock.now())) {
    await putSuccessor(dependencies, row, { ...message, kind: 'watch' });
    return;
  }
  log.error('a run was given up', { run: message.runId, thread: message.threadId });
  await endUnattended(dependencies, row, givenUp);
}

import { randomUUID } from 'node:crypto';

import { SECOND, unixSeconds } from '../clock.ts';
import type { RunSink } from '../events/run-event.ts';
import type { RunMessage } from '../queue/run-queue.ts';
import type { RunRow } from '../store/runs.ts';
import { Conflict } from '../store/table.ts';
import { advanceRun } from './advance-run.ts';
import { ClaimedRun } from './claimed-run.ts';
import type { EngineDependencies } from './dependencies.ts';
import { endUnattended } from './end-unattended.ts';
import { Interruption } from './interruption.ts';
import { isTerminal } from './run-state.ts';

/**
 * Handles one message by making sure that its run moves: ended or gone → nothing; somebody works on it → look
 * again later; otherwise claim and advance. Safe to deliver twice, late, and after a crash at any point.
 *
 * The invariant: while a run is live, some message about it waits unread and becomes visible within the lease.
 * Whoever works on the watchdog itself therefore first puts its successor.
 * @throws errors of storage: the message is delivered again
 */
export async function handleRunMessage(dependencies: EngineDependencies, message: RunMessage): Promise<void> {
  const { stores, runQueue, clock, config, crash } = dependencies;
  const row = await stores.runs.row(message.threadId, message.runId);
  if (!row || isTerminal(row.document.object.status)) return;
  const { object, work } = row.document;
  const expired = object.expires_at !== null && unixSeconds(clock.now()) >= object.expires_at;
  if (object.status === 'requires_action') {
    if (expired) return endOrLookAgain(dependencies, row, message);
    // Its own watchdog waits for the expiry; a stray one only makes sure that there is one.
    if (message.kind === 'watch' && object.expires_at !== null) {
      await runQueue.put(message, object.expires_at * SECOND - clock.now());
    }
    return;
  }
  const successor = message.kind === 'watch' ? await runQueue.put(message, config.RUN_LEASE_SECONDS) : null;
  if (message.kind === 'watch') crash('while-working-on-watchdog');
  if (work.leaseOwner !== '' && work.leaseUntil > clock.now()) return;
  const owner = randomUUID();
  const claimed = await ClaimedRun.claim(dependencies, row, owner, successor);
  if (claimed) await advanceClaimed(dependencies, claimed);
}

/** Time that a step in progress gets to end by itself when the process is asked to stop. */
const DRAIN_GRACE_MS = 2 * SECOND;

/** Advances within this invocation's slice of time. */
export async function advanceClaimed(
  dependencies: EngineDependencies,
  claimed: ClaimedRun,
  waiting?: RunSink,
): Promise<void> {
  const { config, drain, openSink } = dependencies;
  const slice = setTimeout(() => claimed.interrupt(new Interruption('drain')), config.RUN_SLICE_SECONDS);
  let grace: NodeJS.Timeout | undefined;
  const onDrain = () => {
    grace = setTimeout(() => claimed.interrupt(new Interruption('drain')), DRAIN_GRACE_MS);
  };
  drain.addEventListener('abort', onDrain, { once: true });
  const sink = waiting ?? openSink(claimed.record);
  try {
    await advanceRun(dependencies, claimed, sink);
  } finally {
    clearTimeout(slice);
    clearTimeout(grace);
    drain.removeEventListener('abort', onDrain);
    await sink.close();
  }
}

/** Ends a run whose message could not be handled however often it was tried. */
export async function failPoisonedRun(dependencies: EngineDependencies, message: RunMessage): Promise<void> {
  const { stores, log } = dependencies;
  const row = await stores.runs.row(message.threadId, message.runId);
  if (!row || isTerminal(row.document.object.status)) return;
  log.error('a run was given up', { run: message.runId, thread: message.threadId });
  await endUnattended(dependencies, row, {
    status: 'failed',
    lastError: { code: 'server_error', message: 'The run could not be processed and was given up.' },
  });
}

async function endOrLookAgain(
  dependencies: EngineDependencies,
  row: RunRow,
  message: RunMessage,
): Promise<void> {
  try {
    await endUnattended(dependencies, row, { status: 'expired' });
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    await handleRunMessage(dependencies, message);
  }
}

import type { RunContext } from './run-context.ts';

/**
 * Gives a run back so that another worker goes on at once: the lease first, then the message (the watchdog covers the gap). What was
 * not saved is done again there; the watchdog stays as it is.
 */
export async function release(context: RunContext): Promise<void> {
  const { claimed, dependencies } = context;
  const { object } = context.run;
  claimed.stop();
  await claimed.save((record) => ({ ...record, work: { ...record.work, leaseOwner: '', leaseUntil: 0 } }));
  await dependencies.runQueue.put({ threadId: object.thread_id, runId: object.id, kind: 'start' });
}

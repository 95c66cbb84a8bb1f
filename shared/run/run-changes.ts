import type { QueueReceipt, Run, RunRecord } from '../api/run.ts';
import { SECOND, unixSeconds } from '../clock.ts';
import { isTerminal, transition } from './run-state.ts';

/**
 * Every change of a run but its end (see `end-run.ts`), as pure functions: what is saved, and nothing of how.
 * Times are Unix milliseconds.
 */
export interface Lease {
  /** Unique per invocation. */
  readonly owner: string;
  readonly now: number;
  readonly leaseMs: number;
}

export const isAttended = ({ work }: RunRecord, now: number): boolean =>
  work.leaseOwner !== '' && work.leaseUntil > now;

/** Whether a worker may take the run: alive, not waiting for its caller, and nobody works on it. */
export const isClaimable = (record: RunRecord, now: number): boolean =>
  !isTerminal(record.object.status) && record.object.status !== 'requires_action' && !isAttended(record, now);

export const isExpired = ({ object }: RunRecord, now: number): boolean =>
  object.expires_at !== null && now >= object.expires_at * SECOND;

/**
 * Since when a run that could be worked on has been left alone, in Unix milliseconds: its creation, its return by a
 * worker, or the end of a dead worker's lease; never (infinity) when it needs nobody.
 * @param leaseMs a run that nobody holds is expected to be taken up within it
 */
export function neglectedSince({ object, work }: RunRecord, leaseMs: number): number {
  if (isTerminal(object.status) || object.status === 'requires_action') return Number.POSITIVE_INFINITY;
  return work.leaseOwner === '' ? work.leaseUntil - leaseMs : work.leaseUntil;
}

/** Whether somebody should have looked after the run by now, and this long ago. */
export function isOverdue(record: RunRecord, now: number, graceMs: number): boolean {
  const { object, work } = record;
  if (isTerminal(object.status)) return false;
  const due = object.status === 'requires_action' ? (object.expires_at ?? 0) * SECOND : work.leaseUntil;
  return now > due + graceMs;
}

/** Taken by a worker. A watchdog that it put takes the place of the one before. */
export function claimed(record: RunRecord, lease: Lease, watchdog: QueueReceipt | null = null): RunRecord {
  const { object, work } = record;
  return {
    ...record,
    object: object.status === 'queued' ? transition(object, 'in_progress', unixSeconds(lease.now)) : object,
    work: {
      ...work,
      watchdog: watchdog ?? work.watchdog,
      leaseOwner: lease.owner,
      leaseUntil: lease.now + lease.leaseMs,
      attempts: work.attempts + 1,
    },
  };
}

export const renewed = (record: RunRecord, leaseUntil: number, watchdog: QueueReceipt): RunRecord => ({
  ...record,
  work: { ...record.work, watchdog, leaseUntil },
});

/** Given back, or not taken yet. @param expected by when somebody should have taken it */
export const unattended = (record: RunRecord, expected: number): RunRecord => ({
  ...record,
  work: { ...record.work, leaseOwner: '', leaseUntil: expected },
});

/** Something of it is saved: whatever troubled earlier workers did not stop it. */
export const progressed = (record: RunRecord): RunRecord => ({
  ...record,
  work: { ...record.work, attempts: Math.min(record.work.attempts, 1) },
});

/** Waits for its caller; its watchdog waits for its expiry. */
export function awaitingOutputs(
  record: RunRecord,
  required_action: NonNullable<Run['required_action']>,
  watchdog: QueueReceipt,
  now: number,
): RunRecord {
  const object = transition(record.object, 'requires_action', unixSeconds(now), { required_action });
  return unattended({ ...record, object, work: { ...record.work, watchdog } }, now);
}

/** Has its outputs and waits for a worker. */
export function queuedAgain(record: RunRecord, change: QueuedAgain): RunRecord {
  const { watchdog, streamSince, expected, now } = change;
  const object = transition(record.object, 'queued', unixSeconds(now));
  const begins = !record.work.stream && streamSince !== undefined ? { stream: true, streamSince } : {};
  const work = { ...record.work, ...begins, watchdog, attempts: 0 };
  return unattended({ ...record, object, work }, expected);
}

export interface QueuedAgain {
  readonly watchdog: QueueReceipt;
  /** The step with whose outputs a stream begins; what was before it is not told. */
  readonly streamSince: string | undefined;
  readonly expected: number;
  readonly now: number;
}

export const cancelling = (record: RunRecord, now: number): RunRecord => ({
  ...record,
  object: transition(record.object, 'cancelling', unixSeconds(now)),
});

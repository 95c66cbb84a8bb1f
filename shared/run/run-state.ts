import type { Run, RunStatus } from '../api/run.ts';

/**
 * What may follow what. Ends are final: nothing leaves them, whatever arrives later; and a run that is being
 * cancelled ends as cancelled, whatever else happens to it.
 */
export const transitions = {
  queued: ['in_progress', 'cancelling', 'cancelled', 'failed', 'expired'],
  in_progress: ['requires_action', 'completed', 'incomplete', 'failed', 'cancelling', 'cancelled', 'expired'],
  requires_action: ['queued', 'cancelling', 'cancelled', 'failed', 'expired'],
  cancelling: ['cancelled'],
  cancelled: [],
  failed: [],
  completed: [],
  incomplete: [],
  expired: [],
} as const satisfies Record<RunStatus, readonly RunStatus[]>;

export type TerminalStatus = 'cancelled' | 'failed' | 'completed' | 'incomplete' | 'expired';

export const isTerminal = (status: RunStatus): status is TerminalStatus => transitions[status].length === 0;

/** A status that does not follow from the one before: a bug of ours, never the caller's fault. */
export class ImpossibleTransition extends Error {
  constructor(from: RunStatus, to: RunStatus) {
    super(`A run cannot go from '${from}' to '${to}'.`);
    this.name = 'ImpossibleTransition';
  }
}

/**
 * The run after a change of status, with the times that belong to it.
 * @param now Unix seconds
 * @throws {ImpossibleTransition}
 */
export function transition(run: Run, status: RunStatus, now: number, extra: Partial<Run> = {}): Run {
  if (!(transitions[run.status] as readonly RunStatus[]).includes(status)) {
    throw new ImpossibleTransition(run.status, status);
  }
  const next: Run = { ...run, ...extra, status };
  switch (status) {
    case 'queued':
    case 'cancelling':
      return status === 'queued' ? { ...next, required_action: null } : next;
    case 'in_progress':
      return { ...next, required_action: null, started_at: run.started_at ?? now };
    case 'requires_action':
      return next;
    case 'completed':
    case 'incomplete':
      return { ...ended(next), completed_at: status === 'completed' ? now : null };
    case 'failed':
      return { ...ended(next), failed_at: now };
    case 'cancelled':
      return { ...ended(next), cancelled_at: now };
    case 'expired':
      return ended(next);
  }
}

/** `expires_at` speaks of a live run only. */
const ended = (run: Run): Run => ({ ...run, required_action: null, expires_at: null });

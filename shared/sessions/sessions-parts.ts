import { type Clock, SECOND } from '../clock.ts';
import type { Places } from './places.ts';
import type { ProjectShare } from './project-share.ts';
import type { Purpose } from './session.ts';
import type { SessionEnds } from './session-ends.ts';
import type { RemovalQueue, SessionRecord, SessionStore } from './session-record.ts';

export interface SessionsSettings {
  /** STORAGE_PREFIX: part of every group's name. */
  readonly installation: string;
  readonly ttlMs: number;
  readonly startTimeoutMs: number;
  /** What one call may take. */
  readonly callTimeoutMs: number;
}

export interface SessionsParts {
  readonly groups: Places;
  readonly store: SessionStore;
  readonly queue: RemovalQueue;
  readonly ends: SessionEnds;
  readonly share: ProjectShare;
  readonly clock: Clock;
  readonly settings: SessionsSettings;
  /** Run beside every start, which does not wait for it. */
  readonly sweep: () => Promise<void>;
  /** Told of failures that need no reaction, because something later repeats what failed. */
  readonly report: (problem: string, error: unknown) => void;
}

/** The deletion comes a little after the agent's own end, and well before the promised five minutes. */
export const REMOVAL_GRACE_MS = 30 * SECOND;
/** What the agent gives code to hear that its time is up, and what files on their way in and out may take. */
const AROUND_A_CALL_MS = 35 * SECOND;
/** Of its life: a session that is used must last, however long a call may take. */
const LONGEST_RESERVE = 1 / 2;

/** With less time left than a call may take, code is not started in it: it would be lost on its way. */
export function isOver(
  { settings, clock }: SessionsParts,
  record: SessionRecord,
  purpose: Purpose = 'new call',
): boolean {
  const { callTimeoutMs, ttlMs } = settings;
  const reserve =
    purpose === 'started call' ? SECOND : Math.min(callTimeoutMs + AROUND_A_CALL_MS, ttlMs * LONGEST_RESERVE);
  return record.deadline - clock.now() < reserve;
}

/** Deletes a group that is of no more use. Its delayed message repeats that if it fails, and its seat is kept so long. */
export async function discard(
  { groups, share, report }: SessionsParts,
  record: SessionRecord,
  signal?: AbortSignal,
): Promise<void> {
  const { group } = record;
  try {
    await groups.delete(group, signal);
    await share.free(record);
  } catch (error) {
    report(`container group ${group} could not be deleted yet`, error);
  }
}

import { type Clock, MINUTE, SECOND } from '../clock.ts';
import type { ContainerGroups } from './container-groups.ts';
import type { SessionQueue, SessionRecord, SessionStore } from './session-record.ts';

export interface SessionsSettings {
  /** STORAGE_PREFIX: part of every group's name. */
  readonly installation: string;
  readonly ttlMs: number;
  readonly startTimeoutMs: number;
}

export interface SessionsParts {
  readonly groups: ContainerGroups;
  readonly store: SessionStore;
  readonly queue: SessionQueue;
  readonly clock: Clock;
  readonly settings: SessionsSettings;
  /** Run beside every start, which takes longer anyway. */
  readonly sweep: () => Promise<void>;
  /** Told of failures that need no reaction, because something later repeats what failed. */
  readonly report: (problem: string, error: unknown) => void;
}

/** The deletion comes a little after the agent's own end, and well before the promised five minutes. */
export const REMOVAL_GRACE_MS = 30 * SECOND;
/** A session with less time left than this is not worth starting code in. */
const MIN_REMAINING_MS = MINUTE;

export function isOver({ settings, clock }: SessionsParts, record: SessionRecord): boolean {
  return record.deadline - clock.now() < Math.min(MIN_REMAINING_MS, settings.ttlMs / 4);
}

/** Deletes a group that is of no more use. Its delayed message repeats that if it fails. */
export async function discard({ groups, report }: SessionsParts, group: string): Promise<void> {
  try {
    await groups.delete(group);
  } catch (error) {
    report(`container group ${group} could not be deleted yet`, error);
  }
}

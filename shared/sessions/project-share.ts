import { type Clock, MINUTE } from '../clock.ts';
import { SessionError } from './session.ts';
import type { SessionRecord } from './session-record.ts';

/** A session as its project's share counts it: from before its group is created until that is deleted, or over. */
export type Seat = Pick<SessionRecord, 'group' | 'deadline'>;

/** Who lives in the project's share, in storage, so that all processes see the same. */
export interface Seats {
  /** The project of a thread; undefined when the thread is gone. */
  projectOf(threadId: string): Promise<string | undefined>;
  add(project: string, seat: Seat): Promise<void>;
  /** Harmless where there is none. */
  remove(project: string, seat: Seat): Promise<void>;
  /** Groups whose deadline is after `now` (Unix milliseconds), at most `most` of them. Forgets some that are over. */
  living(project: string, now: number, most: number): Promise<readonly string[]>;
}

/** What keeps one project from taking all container groups: it has a share of them. */
export interface ProjectShare {
  /**
   * Takes a seat for a new session; that of the thread's session before it does not count.
   * @returns the thread's project
   * @throws {SessionError} when the project has as many as it may, or the thread is gone
   */
  take(threadId: string, seat: Seat, before: Seat | undefined): Promise<string>;
  /** Gives it back. Whoever dies before gives it back at the session's deadline. */
  free(seat: Seat & Pick<SessionRecord, 'project'>): Promise<void>;
}

/** Each process says so once in a while, not with every call that is refused. */
const TOLD_EVERY_MS = 10 * MINUTE;
const TOLD_ABOUT = 1_000;

/**
 * The seat is written first and counted then, so never more than the limit are taken, whatever happens at the same
 * time; two who reach for the last seat at the same moment may both be refused.
 * @param limit sessions of one project at a time
 */
export function projectShare(parts: {
  readonly seats: Seats;
  readonly clock: Clock;
  readonly limit: number;
  readonly report: (problem: string, error: unknown) => void;
}): ProjectShare {
  const { seats, clock, limit } = parts;
  const told = new Map<string, number>();

  function tell(project: string, error: SessionError): void {
    const now = clock.now();
    if (now < (told.get(project) ?? 0)) return;
    if (told.size >= TOLD_ABOUT) told.clear();
    told.set(project, now + TOLD_EVERY_MS);
    parts.report(`project ${project} has all the Python sessions that it may have`, error);
  }

  return {
    async take(threadId, seat, before) {
      const project = await seats.projectOf(threadId);
      if (project === undefined) throw new SessionError('lost', 'The thread is deleted.');
      await seats.add(project, seat);
      // One more than there may be beside this one and the one before it.
      const living = await seats.living(project, clock.now(), limit + 2);
      if (living.filter((group) => group !== before?.group).length <= limit) return project;
      await seats.remove(project, seat);
      const error = new SessionError(
        'over_limit',
        `This project has ${limit} Python sessions, as many as it may have at a time. Each is given back at its end, or when its thread is deleted.`,
      );
      tell(project, error);
      throw error;
    },
    async free({ project, ...seat }) {
      if (project !== undefined) await seats.remove(project, seat);
    },
  };
}

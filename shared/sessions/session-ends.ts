import { type Clock, MINUTE, SECOND } from '../clock.ts';
import { type ContainerGroups, GroupError } from './container-groups.ts';
import type { EndMarks, RemovalQueue } from './session-record.ts';
import { REMOVAL_GRACE_MS } from './sessions-parts.ts';

/**
 * Ends of sessions ride on few messages. Azure divides *all* messages of a queue, hidden ones too, by what an instance
 * works on at a time, and starts as many instances (`infra/scale/scaler.ts` has the formula): with a message for each
 * session that lives, a thousand sessions would hold 42 instances that do nothing. So a session's life is divided
 * into parts, all sessions whose time is up in one part share a message, and what it says is: delete what is over.
 */
const PARTS_OF_A_LIFE = 20;

/** When the message for a deadline is due: after it, by at most a twentieth of a session's life and a grace. */
export function dueFor(deadline: number, ttlMs: number): number {
  const partMs = Math.max(SECOND, ttlMs / PARTS_OF_A_LIFE);
  return Math.ceil((deadline + REMOVAL_GRACE_MS) / partMs) * partMs;
}

export interface SessionEnds {
  /** Makes sure that somebody deletes what is left at this deadline (Unix milliseconds). */
  order(deadline: number): Promise<void>;
}

/**
 * The message is put before its mark: who dies in between leaves one message too many, never one too few. One
 * process asks once for each part of time.
 */
export function sessionEnds(parts: {
  readonly queue: RemovalQueue;
  readonly marks: EndMarks;
  readonly clock: Clock;
  readonly ttlMs: number;
}): SessionEnds {
  const { queue, marks, clock, ttlMs } = parts;
  const ordered = new Set<number>();
  return {
    async order(deadline) {
      const due = dueFor(deadline, ttlMs);
      if (ordered.has(due)) return;
      for (const past of ordered) if (past < clock.now()) ordered.delete(past);
      if (!(await marks.has(due))) {
        await queue.enqueueEnds(due, due - clock.now());
        await marks.set(due);
      }
      ordered.add(due);
    },
  };
}

const DELETIONS_AT_ONCE = 10;
const AGAIN_MS = MINUTE;

/**
 * One such message: every group whose deadline has passed is deleted, whoever made it. Names are never used twice,
 * so that is right whatever the threads' rows say by now. What Azure has no time for (it limits deletions by the hour) is
 * left to the next try, a minute later.
 * @throws {GroupError} where Azure refuses, so that the queue brings the message again and at last tells of it
 */
export async function removeEnded(
  due: number,
  parts: {
    readonly groups: Pick<ContainerGroups, 'list' | 'delete'>;
    readonly queue: RemovalQueue;
    readonly marks: EndMarks;
    readonly clock: Clock;
  },
): Promise<void> {
  const { groups, queue, marks, clock } = parts;
  const problems: unknown[] = [];
  const over: string[] = [];
  try {
    for await (const group of groups.list()) if (isOver(group, clock.now())) over.push(group.name);
  } catch (error) {
    problems.push(error);
  }
  await Promise.all(
    Array.from({ length: DELETIONS_AT_ONCE }, async () => {
      for (let name = over.pop(); name !== undefined; name = over.pop()) {
        await groups.delete(name).catch((error: unknown) => problems.push(error));
      }
    }),
  );
  const final = problems.find((problem) => !(problem instanceof GroupError && problem.code === 'busy'));
  if (final) throw final;
  if (problems.length > 0) await queue.enqueueEnds(due, AGAIN_MS);
  else await marks.clear(due);
}

/** A little after the agent has ended itself. */
export const isOver = ({ deadline }: { readonly deadline: number | undefined }, now: number): boolean =>
  deadline !== undefined && now >= deadline + REMOVAL_GRACE_MS;

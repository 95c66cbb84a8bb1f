import { type Clock, MINUTE, SECOND } from '../clock.ts';
import type { ContainerGroups } from './container-groups.ts';
import { REMOVAL_GRACE_MS } from './sessions-parts.ts';

/** What a message on queue `sessions` says. */
export interface SessionRemoval {
  readonly threadId: string;
  readonly group: string;
}

/**
 * One message of queue `sessions`: the group's time is over, or its thread is. Names are never used twice, so
 * it is right to delete whatever the thread's row says now, and to repeat it. The row stays: it remembers
 * that the thread had a session whose variables are gone.
 * @throws {GroupError} when Azure did not take the deletion: the queue brings the message again
 */
export async function removeSession(
  message: SessionRemoval,
  parts: { groups: ContainerGroups; sweep: () => Promise<void> },
): Promise<void> {
  await parts.groups.delete(message.group);
  await parts.sweep();
}

const SWEEP_EVERY_MS = 10 * MINUTE;
const SWEEP_MS = 10 * SECOND;
const MAX_DELETIONS = 20;

/**
 * Finds groups whose deadline has passed though nobody deleted them (a lost message, a poisoned one). Runs
 * beside other work, at most every ten minutes per process, and never fails it.
 */
export function orphanSweep(parts: {
  groups: ContainerGroups;
  clock: Clock;
  report: (problem: string, error: unknown) => void;
}): () => Promise<void> {
  const { groups, clock } = parts;
  let next = Number.NEGATIVE_INFINITY;
  return async () => {
    if (clock.now() < next) return;
    next = clock.now() + SWEEP_EVERY_MS;
    const signal = AbortSignal.timeout(SWEEP_MS);
    const deletions: Promise<void>[] = [];
    try {
      for await (const { name, deadline } of groups.list(signal)) {
        if (deadline === undefined || clock.now() < deadline + 2 * REMOVAL_GRACE_MS) continue;
        deletions.push(groups.delete(name, signal));
        if (deletions.length >= MAX_DELETIONS) break;
      }
      await Promise.all(deletions);
    } catch (error) {
      await Promise.allSettled(deletions);
      parts.report('the sweep for forgotten container groups stopped early', error);
    }
  };
}

import { errorFields } from '../log.ts';
import type { Services } from '../services.ts';

export type ChoreServices = Pick<
  Services,
  'stores' | 'sessions' | 'groups' | 'sweepSessions' | 'events' | 'chores' | 'clock'
>;

/** How long after a request to delete a thread the deletion is looked at again. */
const SECOND_LOOK_MS = 60_000;

/**
 * Deletes a thread. The message first: whatever happens then, the rest follows. From the second step on the
 * thread is unknown to callers. False when there is no such thread.
 */
export async function deleteThread(
  services: ChoreServices,
  project: string,
  threadId: string,
): Promise<boolean> {
  if (!(await services.stores.threads.get(project, threadId))) return false;
  await services.chores.enqueueThreadRemoval(threadId, SECOND_LOOK_MS);
  if (!(await services.stores.threads.remove(project, threadId))) return false;
  await clearThread(services, threadId);
  return true;
}

/**
 * Takes back a thread that was made for a run which could not begin. A run that is there after all, because only
 * the answer to its writing was lost, keeps its thread. Never an error: the caller has one to report.
 */
export async function takeBackThread(
  services: ChoreServices & Pick<Services, 'log'>,
  project: string,
  threadId: string,
): Promise<void> {
  try {
    const { data: runs } = await services.stores.runs.list(threadId, { limit: 1, order: 'desc' });
    if (runs.length === 0) await deleteThread(services, project, threadId);
  } catch (error) {
    services.log.warn('a thread was left without the run it was made for', {
      thread: threadId,
      ...errorFields(error),
    });
  }
}

/** What is left of a thread that is gone; repeatable. */
export async function clearThread(
  { stores, sessions, events }: ChoreServices,
  threadId: string,
): Promise<void> {
  await sessions.remove(threadId);
  await stores.threads.clear(threadId);
  await Promise.all([stores.clearSpills(threadId), events.removeThread(threadId)]);
}

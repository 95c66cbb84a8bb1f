import type { Services } from '../services.ts';

export type ChoreServices = Pick<
  Services,
  'stores' | 'sessions' | 'groups' | 'sweepSessions' | 'events' | 'chores'
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

/** What is left of a thread that is gone; repeatable. */
export async function clearThread(
  { stores, sessions, events }: ChoreServices,
  threadId: string,
): Promise<void> {
  await sessions.remove(threadId);
  await stores.threads.clear(threadId);
  await Promise.all([stores.clearSpills(threadId), events.removeThread(threadId)]);
}

import type { ThreadRecord } from '../api/thread.ts';
import { removeStore } from '../indexing/remove-store.ts';
import { errorFields } from '../log.ts';
import type { ThreadRemoval } from '../queue/chore-queue.ts';
import { vectorStoreOf } from '../store/thread-files.ts';
import type { ChoreDependencies } from './chore-dependencies.ts';

/** How long after a request to delete a thread the deletion is looked at again. */
const SECOND_LOOK_MS = 60_000;

/**
 * Deletes a thread. The message first: whatever happens then, the rest follows. From the second step on the
 * thread is unknown to callers. False when there is no such thread.
 */
export async function deleteThread(
  services: ChoreDependencies,
  project: string,
  threadId: string,
): Promise<boolean> {
  const thread = await services.stores.threads.get(project, threadId);
  if (!thread) return false;
  const store = await ownStore(services, thread);
  const removal = { threadId, ...(store ? { store } : {}) };
  await services.chores.enqueueThreadRemoval(removal, SECOND_LOOK_MS);
  if (!(await services.stores.threads.remove(project, threadId))) return false;
  await clearThread(services, removal);
  return true;
}

/**
 * Takes back a thread that was made for a run which could not begin. A run that is there after all, because only
 * the answer to its writing was lost, keeps its thread. Never an error: the caller has one to report.
 */
export async function takeBackThread(
  services: ChoreDependencies,
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
  services: ChoreDependencies,
  { threadId, store }: ThreadRemoval,
): Promise<void> {
  const { stores, sessions, events } = services;
  // Before the session, whose end takes its time: the stream of a live run ends with its row.
  await stores.threads.clearRuns(threadId);
  if (store) await removeStore(services, store.project, store.id);
  await sessions.remove(threadId);
  await stores.threads.clear(threadId);
  await Promise.all([stores.clearSpills(threadId), events.removeThread(threadId)]);
}

/** The vector store that was made for the thread; one that it was given stays. */
async function ownStore({ stores }: ChoreDependencies, { project, object }: ThreadRecord) {
  const id = vectorStoreOf(object);
  const view = id === undefined ? undefined : await stores.vectorStores.get(project, id);
  return view?.record.threadId === object.id ? { project, id: view.record.object.id } : undefined;
}

import type { RunRecord } from '../api/run.ts';
import type { CreateThread, ThreadRecord } from '../api/thread.ts';
import type { ChoreDependencies } from '../chores/chore-dependencies.ts';
import { takeBackThread } from '../chores/delete-thread.ts';
import { earlierRun } from '../engine/earlier-run.ts';
import type { IndexingDependencies } from '../indexing/dependencies.ts';
import { createThread } from './create-thread.ts';

type Dependencies = ChoreDependencies & IndexingDependencies;

/** A request to make a thread and run it, which may be a further try. */
export interface OnceOnly {
  readonly mark: string;
  readonly resumed: boolean;
  readonly replay?: { readonly runId: string };
  readonly reserved: { readonly thread?: string };
}

export interface Earlier {
  readonly thread: ThreadRecord;
  /** Undefined when the thread was left without one; it is taken back then. */
  readonly run: RunRecord | undefined;
}

/** What an earlier try of the same request made. */
export async function earlierThread(
  dependencies: Dependencies,
  project: string,
  once: OnceOnly | undefined,
): Promise<Earlier | undefined> {
  const id = once?.reserved.thread;
  if (id === undefined || !(once?.resumed || once?.replay)) return undefined;
  const thread = await dependencies.stores.threads.get(project, id);
  if (!thread) return undefined;
  const run = await earlierRun(dependencies.stores, project, id, once);
  if (!run) await takeBackThread(dependencies, project, id);
  return { thread, run };
}

/** Makes a thread for a run. When that cannot begin, the thread is taken back. */
export async function withThreadForRun<T>(
  dependencies: Dependencies,
  project: string,
  request: CreateThread,
  reserved: string | undefined,
  begin: (thread: ThreadRecord) => Promise<T>,
): Promise<T> {
  const thread = await createThread(dependencies, project, request, reserved);
  try {
    return await begin(thread);
  } catch (error) {
    await takeBackThread(dependencies, project, thread.object.id);
    throw error;
  }
}

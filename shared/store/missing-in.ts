import { type ApiError, notFound } from '../api/error.ts';
import type { ThreadStore } from './threads.ts';

/** What to say of an object that was not found in a thread: perhaps there is no such thread. */
export async function missingIn(
  threads: Pick<ThreadStore, 'get'>,
  project: string,
  threadId: string,
  missing: ApiError,
): Promise<ApiError> {
  return (await threads.get(project, threadId)) ? missing : notFound('thread', threadId);
}

import { newMessage } from '../api/message.ts';
import { type CreateThread, newThread, type ThreadRecord } from '../api/thread.ts';
import { newId, sortKeyOf } from '../ids.ts';
import type { IndexingDependencies } from '../indexing/dependencies.ts';
import { attachToNewThread, withNewStores } from '../indexing/thread-store.ts';

/**
 * Makes a thread, after the vector store that it names: whatever fails, no thread names one that never was. What the
 * request names has been found to be the project's.
 * @param reserved its id, where one was set aside
 */
export async function createThread(
  dependencies: IndexingDependencies,
  project: string,
  request: CreateThread,
  reserved?: string,
): Promise<ThreadRecord> {
  const { stores, clock } = dependencies;
  const now = clock.now();
  const id = reserved ?? newId('thread', now);
  const messages = request.messages ?? [];
  const made = await withNewStores(dependencies, project, request.tool_resources, id);
  const place = { id, storeId: made?.file_search?.vector_store_ids?.[0], place: sortKeyOf(id) ?? '' };
  const storeId = await attachToNewThread(dependencies, project, place, messages);
  const search = storeId === undefined ? {} : { file_search: { vector_store_ids: [storeId] } };
  const thread = newThread({ ...request, tool_resources: { ...made, ...search } }, now, id);
  const records = messages.map((message) =>
    newMessage(message, { project, threadId: id, id: newId('message', now), now }),
  );
  return stores.threads.create(project, thread, records);
}

import type { AssistantRecord } from '../shared/api/assistant.ts';
import { notFound } from '../shared/api/error.ts';
import { newMessage } from '../shared/api/message.ts';
import { presentPage } from '../shared/api/page.ts';
import { type CreateThread, changeThread, newThread, presentThread } from '../shared/api/thread.ts';
import { changeResources, type ToolResourcesChange } from '../shared/api/tool.ts';
import { deleteThread, takeBackThread } from '../shared/chores/delete-thread.ts';
import { earlierRun } from '../shared/engine/earlier-run.ts';
import { requireWords, startRun } from '../shared/engine/start-run.ts';
import { streamAgain, streamNewRun } from '../shared/engine/stream-run.ts';
import { wantsIds } from '../shared/events/sse.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { eventPresenter, runPresenter } from '../shared/http/dialect.ts';
import {
  filesOfMessages,
  filesOfNewStores,
  filesOfResources,
  requireAssistant,
  requireFiles,
  requireToolChoice,
  requireVectorStores,
} from '../shared/http/references.ts';
import { streamReply } from '../shared/http/run-stream.ts';
import { serve } from '../shared/http/serve.ts';
import { newId, sortKeyOf } from '../shared/ids.ts';
import { attachToNewThread, withNewStores } from '../shared/indexing/thread-store.ts';
import { type Services, services } from '../shared/services.ts';

/** @throws {ApiError} 404 for a file or vector store that is not the project's */
async function requireResources(
  { stores }: Services,
  project: string,
  thread: CreateThread,
  prefix: string,
): Promise<void> {
  await requireVectorStores(stores.vectorStores, project, thread.tool_resources, prefix);
  await requireFiles(stores.files, project, [
    ...filesOfResources(thread.tool_resources, prefix),
    ...filesOfNewStores(thread.tool_resources, prefix),
    ...filesOfMessages(thread.messages ?? [], `${prefix}messages`),
  ]);
}

/**
 * The thread, after the vector store that it names: whatever fails, no thread names one that never was.
 * @param reserved its id, where one was set aside
 */
async function create(all: Services, project: string, request: CreateThread, reserved?: string) {
  const { stores, clock } = all;
  const now = clock.now();
  const id = reserved ?? newId('thread', now);
  const messages = request.messages ?? [];
  const made = await withNewStores(all, project, request.tool_resources, id);
  const place = { id, storeId: made?.file_search?.vector_store_ids?.[0], place: sortKeyOf(id) ?? '' };
  const storeId = await attachToNewThread(all, project, place, messages);
  const search = storeId === undefined ? {} : { file_search: { vector_store_ids: [storeId] } };
  const thread = newThread({ ...request, tool_resources: { ...made, ...search } }, now, id);
  const records = messages.map((message) =>
    newMessage(message, { project, threadId: id, id: newId('message', now), now }),
  );
  return stores.threads.create(project, thread, records);
}

/** The assistant as one run is to see it. */
const withResources = (record: AssistantRecord, resources: ToolResourcesChange): AssistantRecord => ({
  ...record,
  object: { ...record.object, tool_resources: changeResources(record.object.tool_resources, resources) },
});

export const handlers: HandlersOf<'threads', Services> = {
  listThreads: async ({ project, query }, { stores: { threads } }) => {
    return presentPage(await threads.list(project, query), presentThread);
  },

  createThread: async ({ project, body }, all) => {
    await requireResources(all, project, body, '');
    return presentThread(await create(all, project, body));
  },

  createThreadAndRun: async (call, all) => {
    const { project, body, request, signal, dialect, once } = call;
    const options = { signal, presentFor: eventPresenter(dialect), ids: wantsIds(request.headers) };
    const reserved = once?.reserved.thread;
    const before =
      reserved && (once.resumed || once.replay) && (await all.stores.threads.get(project, reserved));
    if (before) {
      const run = await earlierRun(all.stores, project, before.object.id, once);
      if (run && !body.stream) return runPresenter(dialect)(run);
      if (run)
        return streamReply(streamAgain(all, run, { ...options, createdThread: presentThread(before) }));
      await takeBackThread(all, project, before.object.id);
    }
    const [assistant] = await Promise.all([
      requireAssistant(all.stores.assistants, project, body.assistant_id),
      requireResources(all, project, body.thread ?? {}, 'thread.'),
      requireVectorStores(all.stores.vectorStores, project, body.tool_resources),
      requireFiles(all.stores.files, project, filesOfResources(body.tool_resources)),
    ]);
    requireToolChoice(assistant, body);
    const wordless = dialect === 'v1';
    if (!wordless) requireWords(assistant, body, body.thread?.messages?.length ?? 0);
    // An id whose thread was taken back stays with what is left of it.
    const thread = await create(all, project, body.thread ?? {}, before ? undefined : reserved);
    const start = {
      project,
      threadId: thread.object.id,
      assistant: withResources(assistant, body.tool_resources),
      request: body,
      wordless,
      mark: once?.mark,
    };
    try {
      if (!body.stream) return runPresenter(dialect)((await startRun(all, start)).queued);
      return streamReply(
        await streamNewRun(all, start, { ...options, createdThread: presentThread(thread) }),
      );
    } catch (error) {
      await takeBackThread(all, project, thread.object.id);
      throw error;
    }
  },

  getThread: async ({ project, params: { thread_id: id } }, { stores }) => {
    const record = await stores.threads.get(project, id);
    if (!record) throw notFound('thread', id);
    return presentThread(record);
  },

  modifyThread: async ({ project, params: { thread_id: id }, body }, { stores }) => {
    if (!(await stores.threads.get(project, id))) throw notFound('thread', id);
    await requireVectorStores(stores.vectorStores, project, body.tool_resources);
    await requireFiles(stores.files, project, filesOfResources(body.tool_resources));
    const changed = await stores.threads.update(project, id, (thread) => changeThread(thread, body));
    if (!changed) throw notFound('thread', id);
    return presentThread(changed);
  },

  deleteThread: async ({ project, params: { thread_id: id } }, services) => {
    if (!(await deleteThread(services, project, id))) throw notFound('thread', id);
    return { id, object: 'thread.deleted', deleted: true };
  },
};

serve(handlers, services);

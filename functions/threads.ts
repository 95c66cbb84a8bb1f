import { withResources } from '../shared/api/assistant.ts';
import { notFound } from '../shared/api/error.ts';
import { presentPage } from '../shared/api/page.ts';
import { changeThread, presentThread } from '../shared/api/thread.ts';
import { deleteThread } from '../shared/chores/delete-thread.ts';
import { requireWords, startRun } from '../shared/engine/start-run.ts';
import { streamAgain, streamNewRun } from '../shared/engine/stream-run.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { runPresenter } from '../shared/http/dialect.ts';
import {
  filesOfResources,
  requireAssistant,
  requireFiles,
  requireOfThread,
  requireToolChoice,
  requireVectorStores,
} from '../shared/http/references.ts';
import { streamOptions, streamReply } from '../shared/http/run-stream.ts';
import { serve } from '../shared/http/serve.ts';
import { type Services, services } from '../shared/services.ts';
import { createThread } from '../shared/threads/create-thread.ts';
import { earlierThread, withThreadForRun } from '../shared/threads/thread-for-run.ts';

export const handlers: HandlersOf<'threads', Services> = {
  listThreads: async ({ project, query }, { stores: { threads } }) => {
    return presentPage(await threads.list(project, query), presentThread);
  },

  createThread: async ({ project, body }, all) => {
    await requireOfThread(all.stores, project, body);
    return presentThread(await createThread(all, project, body));
  },

  createThreadAndRun: async (call, all) => {
    const { project, body, dialect, once } = call;
    const { thread: request = {}, tool_resources } = body;
    const options = streamOptions(call);
    const earlier = await earlierThread(all, project, once);
    if (earlier?.run) {
      if (!body.stream) return runPresenter(dialect)(earlier.run);
      const createdThread = presentThread(earlier.thread);
      return streamReply(streamAgain(all, earlier.run, { ...options, createdThread }));
    }
    const [found] = await Promise.all([
      requireAssistant(all.stores.assistants, project, body.assistant_id),
      requireOfThread(all.stores, project, request, 'thread.'),
      requireVectorStores(all.stores.vectorStores, project, tool_resources),
      requireFiles(all.stores.files, project, filesOfResources(tool_resources)),
    ]);
    requireToolChoice(found, body);
    const wordless = dialect === 'v1';
    if (!wordless) requireWords(found, body, request.messages?.length ?? 0);
    const assistant = withResources(found, tool_resources);
    // An id whose thread was taken back stays with what is left of it.
    const reserved = earlier ? undefined : once?.reserved.thread;
    return withThreadForRun(all, project, request, reserved, async (thread) => {
      const threadId = thread.object.id;
      const start = { project, threadId, assistant, request: body, wordless, mark: once?.mark };
      if (!body.stream) return runPresenter(dialect)((await startRun(all, start)).queued);
      const createdThread = presentThread(thread);
      return streamReply(await streamNewRun(all, start, { ...options, createdThread }));
    });
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

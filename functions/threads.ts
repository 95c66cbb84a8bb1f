import { notFound } from '../shared/api/error.ts';
import { newMessage } from '../shared/api/message.ts';
import { presentPage } from '../shared/api/page.ts';
import { changeThread, newThread, presentThread } from '../shared/api/thread.ts';
import { deleteThread } from '../shared/engine/delete-thread.ts';
import type { Handlers } from '../shared/http/call.ts';
import {
  filesOfMessages,
  filesOfResources,
  requireFiles,
  requireVectorStores,
} from '../shared/http/references.ts';
import { serve } from '../shared/http/serve.ts';
import { newId } from '../shared/ids.ts';
import { type Services, services } from '../shared/services.ts';

export const handlers: Handlers<Services> = {
  listThreads: async ({ project, query }, { stores }) =>
    presentPage(await stores.threads.list(project, query), presentThread),

  createThread: async ({ project, body }, { stores, clock }) => {
    requireVectorStores(body.tool_resources);
    const messages = body.messages ?? [];
    await requireFiles(stores.files, project, [
      ...filesOfResources(body.tool_resources),
      ...filesOfMessages(messages, 'messages'),
    ]);
    const now = clock.now();
    const thread = newThread(body, now);
    const records = messages.map((message) =>
      newMessage(message, { project, threadId: thread.id, id: newId('message', now), now }),
    );
    return presentThread(await stores.threads.create(project, thread, records));
  },

  getThread: async ({ project, params: { thread_id: id } }, { stores }) => {
    const record = await stores.threads.get(project, id);
    if (!record) throw notFound('thread', id);
    return presentThread(record);
  },

  modifyThread: async ({ project, params: { thread_id: id }, body }, { stores }) => {
    if (!(await stores.threads.get(project, id))) throw notFound('thread', id);
    requireVectorStores(body.tool_resources);
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

// `threads/runs`, which creates a thread and runs it, has this route's shape, too: see runs.ts.
serve('threads', 'threads/{thread_id?}', handlers, services);

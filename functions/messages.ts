import { badRequest, notFound } from '../shared/api/error.ts';
import { changedMetadata } from '../shared/api/fields.ts';
import { newMessage, presentMessage } from '../shared/api/message.ts';
import { presentPage } from '../shared/api/page.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { filesOfMessages, requireFiles } from '../shared/http/references.ts';
import { serve } from '../shared/http/serve.ts';
import { notWhileWritten, whenWritten } from '../shared/http/when-written.ts';
import { attachForSearch } from '../shared/indexing/thread-store.ts';
import { type Services, services } from '../shared/services.ts';
import { MAX_MESSAGES } from '../shared/store/messages.ts';
import { missingIn } from '../shared/store/missing-in.ts';

export const handlers: HandlersOf<'messages', Services> = {
  listMessages: async ({ project, params: { thread_id: threadId }, query }, { stores }) => {
    if (!(await stores.threads.get(project, threadId))) throw notFound('thread', threadId);
    const page = await stores.messages.list(threadId, query, { runId: query.run_id });
    return presentPage(page, presentMessage);
  },

  createMessage: async ({ project, params: { thread_id: threadId }, body }, all) => {
    const { stores, clock } = all;
    await requireFiles(stores.files, project, filesOfMessages([body], ''));
    const storeId = await attachForSearch(all, project, threadId, [body]);
    const appended = await stores.messages.append(
      project,
      threadId,
      (id) => newMessage(body, { project, threadId, id, now: clock.now() }),
      storeId,
    );
    switch (appended.outcome) {
      case 'appended':
        return presentMessage(appended.record);
      case 'no-thread':
        throw notFound('thread', threadId);
      case 'locked':
        throw badRequest(`Can't add messages to ${threadId} while a run ${appended.runId} is active.`);
      case 'full':
        throw badRequest(`${threadId} already holds ${MAX_MESSAGES} messages, which is the limit.`);
    }
  },

  getMessage: async ({ project, params: { thread_id: threadId, message_id: id } }, { stores }) => {
    const record = await stores.messages.get(project, threadId, id);
    if (!record) throw await missingIn(stores.threads, project, threadId, notFound('message', id));
    return presentMessage(record);
  },

  modifyMessage: async ({ project, params: { thread_id: threadId, message_id: id }, body }, { stores }) => {
    const changed = await whenWritten(id, () =>
      stores.messages.update(project, threadId, id, (record) => ({
        ...notWhileWritten(record),
        object: {
          ...record.object,
          metadata: changedMetadata(record.object.metadata, body.metadata),
        },
      })),
    );
    if (!changed) throw await missingIn(stores.threads, project, threadId, notFound('message', id));
    return presentMessage(changed);
  },

  deleteMessage: async ({ project, params: { thread_id: threadId, message_id: id } }, { stores }) => {
    if (!(await stores.messages.remove(project, threadId, id))) {
      throw await missingIn(stores.threads, project, threadId, notFound('message', id));
    }
    return { id, object: 'thread.message.deleted', deleted: true };
  },
};

serve(handlers, services);

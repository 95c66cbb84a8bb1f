import {
  attached,
  filesOfAssistant,
  filesOfMessage,
  pageOfFiles,
  presentAssistantFile,
  presentMessageFile,
  withFiles,
} from '../shared/api/attached-file.ts';
import { notFound } from '../shared/api/error.ts';
import { presentPage } from '../shared/api/page.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { requireFiles } from '../shared/http/references.ts';
import { serve } from '../shared/http/serve.ts';
import { type Services, services } from '../shared/services.ts';
import { missingIn } from '../shared/store/missing-in.ts';

async function assistantOf({ stores }: Services, project: string, id: string) {
  const record = await stores.assistants.get(project, id);
  if (!record) throw notFound('assistant', id);
  return record;
}

async function messageOf({ stores }: Services, project: string, threadId: string, id: string) {
  const record = await stores.messages.get(project, threadId, id);
  if (!record) throw await missingIn(stores.threads, project, threadId, notFound('message', id));
  return record;
}

export const handlers: HandlersOf<'assistant-files' | 'message-files', Services> = {
  listAssistantFiles: async ({ project, params, query }, all) => {
    const assistant = await assistantOf(all, project, params.assistant_id);
    return presentPage(pageOfFiles(filesOfAssistant(assistant), query), presentAssistantFile(assistant));
  },

  createAssistantFile: async ({ project, params: { assistant_id: id }, body }, all) => {
    await assistantOf(all, project, id);
    const { stores } = all;
    await requireFiles(stores.files, project, [{ id: body.file_id, param: 'file_id' }]);
    const changed = await stores.assistants.update(project, id, (record) =>
      withFiles(record, [...filesOfAssistant(record), body.file_id]),
    );
    if (!changed) throw notFound('assistant', id);
    return presentAssistantFile(changed)(body.file_id);
  },

  getAssistantFile: async ({ project, params }, all) => {
    const assistant = await assistantOf(all, project, params.assistant_id);
    return presentAssistantFile(assistant)(attached(filesOfAssistant(assistant), params.file_id));
  },

  deleteAssistantFile: async ({ project, params: { assistant_id: id, file_id: file } }, { stores }) => {
    const changed = await stores.assistants.update(project, id, (record) => {
      const files = filesOfAssistant(record);
      attached(files, file);
      return withFiles(
        record,
        files.filter((other) => other !== file),
      );
    });
    if (!changed) throw notFound('assistant', id);
    return { id: file, object: 'assistant.file.deleted', deleted: true };
  },

  listMessageFiles: async ({ project, params, query }, all) => {
    const message = await messageOf(all, project, params.thread_id, params.message_id);
    return presentPage(pageOfFiles(filesOfMessage(message), query), presentMessageFile(message));
  },

  getMessageFile: async ({ project, params }, all) => {
    const message = await messageOf(all, project, params.thread_id, params.message_id);
    return presentMessageFile(message)(attached(filesOfMessage(message), params.file_id));
  },
};

serve(handlers, services);

import { assistantFileObject, messageFileObject } from '../api/answers.ts';
import { createAssistantFile } from '../api/attached-file.ts';
import { listQuery } from '../api/page.ts';
import type { Operation } from './operation.ts';

export const attachedFileOperations = {
  listAssistantFiles: {
    servedBy: 'assistant-files',
    method: 'GET',
    path: '/assistants/{assistant_id}/files',
    summary: 'Lists the files attached to an assistant',
    query: listQuery,
    answer: { list: assistantFileObject },
    only: 'v1',
  },
  createAssistantFile: {
    servedBy: 'assistant-files',
    method: 'POST',
    creates: true,
    path: '/assistants/{assistant_id}/files',
    summary: 'Attaches a file to an assistant',
    body: createAssistantFile,
    answer: { one: assistantFileObject },
    only: 'v1',
  },
  getAssistantFile: {
    servedBy: 'assistant-files',
    method: 'GET',
    path: '/assistants/{assistant_id}/files/{file_id}',
    summary: 'Retrieves a file attached to an assistant',
    answer: { one: assistantFileObject },
    only: 'v1',
  },
  deleteAssistantFile: {
    servedBy: 'assistant-files',
    method: 'DELETE',
    path: '/assistants/{assistant_id}/files/{file_id}',
    summary: 'Takes a file from an assistant; the file itself stays',
    answer: { deleted: 'assistant.file.deleted' },
    only: 'v1',
  },
  listMessageFiles: {
    servedBy: 'message-files',
    method: 'GET',
    path: '/threads/{thread_id}/messages/{message_id}/files',
    summary: 'Lists the files attached to a message',
    query: listQuery,
    answer: { list: messageFileObject },
    only: 'v1',
  },
  getMessageFile: {
    servedBy: 'message-files',
    method: 'GET',
    path: '/threads/{thread_id}/messages/{message_id}/files/{file_id}',
    summary: 'Retrieves a file attached to a message',
    answer: { one: messageFileObject },
    only: 'v1',
  },
} as const satisfies Record<string, Operation>;

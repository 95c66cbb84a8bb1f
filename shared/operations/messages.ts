import { messageObject } from '../api/answers.ts';
import { LONG_DOCUMENT_BODY } from '../api/body-limits.ts';
import { createMessage, listMessagesQuery, modifyMessage } from '../api/message.ts';
import type { Operation } from './operation.ts';

export const messageOperations = {
  listMessages: {
    servedBy: 'messages',
    method: 'GET',
    path: '/threads/{thread_id}/messages',
    summary: 'Lists the messages of a thread',
    query: listMessagesQuery,
    answer: { list: messageObject },
  },
  createMessage: {
    servedBy: 'messages',
    method: 'POST',
    creates: true,
    path: '/threads/{thread_id}/messages',
    summary: 'Adds a message to a thread',
    body: createMessage,
    bodyLimits: LONG_DOCUMENT_BODY,
    answer: { one: messageObject },
  },
  getMessage: {
    servedBy: 'messages',
    method: 'GET',
    path: '/threads/{thread_id}/messages/{message_id}',
    summary: 'Retrieves a message',
    answer: { one: messageObject },
  },
  modifyMessage: {
    servedBy: 'messages',
    method: 'POST',
    path: '/threads/{thread_id}/messages/{message_id}',
    summary: "Changes a message's metadata",
    body: modifyMessage,
    answer: { one: messageObject },
  },
  deleteMessage: {
    servedBy: 'messages',
    method: 'DELETE',
    path: '/threads/{thread_id}/messages/{message_id}',
    summary: 'Deletes a message',
    answer: { deleted: 'thread.message.deleted' },
  },
} as const satisfies Record<string, Operation>;

import { threadObject } from '../api/answers.ts';
import { LONG_TEXTS_BODY } from '../api/body-limits.ts';
import { listQuery } from '../api/page.ts';
import { createThreadAndRun } from '../api/run.ts';
import { runObject } from '../api/run-answers.ts';
import { createThread, modifyThread } from '../api/thread.ts';
import type { Operation } from './operation.ts';

export const threadOperations = {
  listThreads: {
    servedBy: 'threads',
    method: 'GET',
    path: '/threads',
    summary: 'Lists the threads of the project (not part of the hosted API)',
    query: listQuery,
    answer: { list: threadObject },
  },
  createThread: {
    servedBy: 'threads',
    method: 'POST',
    creates: true,
    path: '/threads',
    summary: 'Creates a thread',
    body: createThread,
    bodyLimits: LONG_TEXTS_BODY,
    answer: { one: threadObject },
  },
  createThreadAndRun: {
    servedBy: 'threads',
    method: 'POST',
    creates: true,
    path: '/threads/runs',
    summary: 'Creates a thread and runs it',
    body: createThreadAndRun,
    bodyLimits: LONG_TEXTS_BODY,
    answer: { one: runObject },
  },
  getThread: {
    servedBy: 'threads',
    method: 'GET',
    path: '/threads/{thread_id}',
    summary: 'Retrieves a thread',
    answer: { one: threadObject },
  },
  modifyThread: {
    servedBy: 'threads',
    method: 'POST',
    path: '/threads/{thread_id}',
    summary: 'Changes the fields sent of a thread',
    body: modifyThread,
    answer: { one: threadObject },
  },
  deleteThread: {
    servedBy: 'threads',
    method: 'DELETE',
    path: '/threads/{thread_id}',
    summary: 'Deletes a thread with its messages, runs and session',
    answer: { deleted: 'thread.deleted' },
  },
} as const satisfies Record<string, Operation>;

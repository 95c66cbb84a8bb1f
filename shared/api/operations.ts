import type { z } from 'zod';

import { createAssistant, modifyAssistant } from './assistant.ts';
import { createAssistantFile } from './attached-file.ts';
import { type BodyLimits, LONG_DOCUMENT_BODY, LONG_TEXT_BODY, LONG_TEXTS_BODY } from './body-limits.ts';
import { createFile, listFilesQuery } from './file.ts';
import { createMessage, listMessagesQuery, modifyMessage } from './message.ts';
import { listQuery } from './page.ts';
import { createRun, createThreadAndRun, followRunEventsQuery, modifyRun, submitToolOutputs } from './run.ts';
import { includeQuery, listRunStepsQuery } from './run-step.ts';
import { createThread, modifyThread } from './thread.ts';
import { completeUpload, createUpload } from './upload.ts';

/** One operation of the API. The path is the same behind every door; `{…}` names a parameter. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  /** JSON body. */
  readonly body?: z.ZodType;
  /** How large that may be; {@link SHORT_BODY} where nothing is said. */
  readonly bodyLimits?: BodyLimits;
  readonly query?: z.ZodObject;
  /** Multipart body: the part that carries the bytes, and the schema of the fields beside it. */
  readonly form?: { readonly file: string; readonly fields?: z.ZodObject };
  /** Set where only the API's first version has the operation. */
  readonly only?: 'v1';
}

/**
 * The whole API. Routing, validation, the types of the handlers and the OpenAPI document all come from this
 * table, and tests go through it: an operation that is not here does not exist.
 */
export const operations = {
  listAssistants: {
    method: 'GET',
    path: '/assistants',
    summary: 'Lists the assistants of the project',
    query: listQuery,
  },
  createAssistant: {
    method: 'POST',
    path: '/assistants',
    summary: 'Creates an assistant',
    body: createAssistant,
    bodyLimits: LONG_TEXT_BODY,
  },
  getAssistant: { method: 'GET', path: '/assistants/{assistant_id}', summary: 'Retrieves an assistant' },
  modifyAssistant: {
    method: 'POST',
    path: '/assistants/{assistant_id}',
    summary: 'Changes the fields sent of an assistant',
    body: modifyAssistant,
    bodyLimits: LONG_TEXT_BODY,
  },
  deleteAssistant: {
    method: 'DELETE',
    path: '/assistants/{assistant_id}',
    summary: 'Deletes an assistant; its threads and runs stay',
  },
  listAssistantFiles: {
    method: 'GET',
    path: '/assistants/{assistant_id}/files',
    summary: 'Lists the files attached to an assistant',
    query: listQuery,
    only: 'v1',
  },
  createAssistantFile: {
    method: 'POST',
    path: '/assistants/{assistant_id}/files',
    summary: 'Attaches a file to an assistant',
    body: createAssistantFile,
    only: 'v1',
  },
  getAssistantFile: {
    method: 'GET',
    path: '/assistants/{assistant_id}/files/{file_id}',
    summary: 'Retrieves a file attached to an assistant',
    only: 'v1',
  },
  deleteAssistantFile: {
    method: 'DELETE',
    path: '/assistants/{assistant_id}/files/{file_id}',
    summary: 'Takes a file from an assistant; the file itself stays',
    only: 'v1',
  },

  listThreads: {
    method: 'GET',
    path: '/threads',
    summary: 'Lists the threads of the project (not part of the hosted API)',
    query: listQuery,
  },
  createThread: {
    method: 'POST',
    path: '/threads',
    summary: 'Creates a thread',
    body: createThread,
    bodyLimits: LONG_TEXTS_BODY,
  },
  createThreadAndRun: {
    method: 'POST',
    path: '/threads/runs',
    summary: 'Creates a thread and runs it',
    body: createThreadAndRun,
    bodyLimits: LONG_TEXTS_BODY,
  },
  getThread: { method: 'GET', path: '/threads/{thread_id}', summary: 'Retrieves a thread' },
  modifyThread: {
    method: 'POST',
    path: '/threads/{thread_id}',
    summary: 'Changes the fields sent of a thread',
    body: modifyThread,
  },
  deleteThread: {
    method: 'DELETE',
    path: '/threads/{thread_id}',
    summary: 'Deletes a thread with its messages, runs and session',
  },

  listMessages: {
    method: 'GET',
    path: '/threads/{thread_id}/messages',
    summary: 'Lists the messages of a thread',
    query: listMessagesQuery,
  },
  createMessage: {
    method: 'POST',
    path: '/threads/{thread_id}/messages',
    summary: 'Adds a message to a thread',
    body: createMessage,
    bodyLimits: LONG_DOCUMENT_BODY,
  },
  getMessage: {
    method: 'GET',
    path: '/threads/{thread_id}/messages/{message_id}',
    summary: 'Retrieves a message',
  },
  modifyMessage: {
    method: 'POST',
    path: '/threads/{thread_id}/messages/{message_id}',
    summary: "Changes a message's metadata",
    body: modifyMessage,
  },
  deleteMessage: {
    method: 'DELETE',
    path: '/threads/{thread_id}/messages/{message_id}',
    summary: 'Deletes a message',
  },
  listMessageFiles: {
    method: 'GET',
    path: '/threads/{thread_id}/messages/{message_id}/files',
    summary: 'Lists the files attached to a message',
    query: listQuery,
    only: 'v1',
  },
  getMessageFile: {
    method: 'GET',
    path: '/threads/{thread_id}/messages/{message_id}/files/{file_id}',
    summary: 'Retrieves a file attached to a message',
    only: 'v1',
  },

  listRuns: {
    method: 'GET',
    path: '/threads/{thread_id}/runs',
    summary: 'Lists the runs of a thread',
    query: listQuery,
  },
  createRun: {
    method: 'POST',
    path: '/threads/{thread_id}/runs',
    summary: 'Runs a thread',
    body: createRun,
    bodyLimits: LONG_TEXTS_BODY,
    query: includeQuery,
  },
  getRun: { method: 'GET', path: '/threads/{thread_id}/runs/{run_id}', summary: 'Retrieves a run' },
  modifyRun: {
    method: 'POST',
    path: '/threads/{thread_id}/runs/{run_id}',
    summary: "Changes a run's metadata",
    body: modifyRun,
  },
  followRunEvents: {
    method: 'GET',
    path: '/threads/{thread_id}/runs/{run_id}/events',
    summary: 'Follows the events of a streamed run from any point (not part of the hosted API)',
    query: followRunEventsQuery,
  },
  cancelRun: {
    method: 'POST',
    path: '/threads/{thread_id}/runs/{run_id}/cancel',
    summary: 'Cancels a run',
  },
  submitToolOutputs: {
    method: 'POST',
    path: '/threads/{thread_id}/runs/{run_id}/submit_tool_outputs',
    summary: 'Hands in the outputs of all function calls a run waits for',
    body: submitToolOutputs,
    bodyLimits: LONG_DOCUMENT_BODY,
  },

  listRunSteps: {
    method: 'GET',
    path: '/threads/{thread_id}/runs/{run_id}/steps',
    summary: 'Lists the steps of a run',
    query: listRunStepsQuery,
  },
  getRunStep: {
    method: 'GET',
    path: '/threads/{thread_id}/runs/{run_id}/steps/{step_id}',
    summary: 'Retrieves a step of a run',
    query: includeQuery,
  },

  listFiles: { method: 'GET', path: '/files', summary: 'Lists files', query: listFilesQuery },
  createFile: {
    method: 'POST',
    path: '/files',
    summary: 'Uploads a file',
    form: { file: 'file', fields: createFile },
  },
  getFile: { method: 'GET', path: '/files/{file_id}', summary: "Retrieves a file's description" },
  deleteFile: { method: 'DELETE', path: '/files/{file_id}', summary: 'Deletes a file' },
  getFileContent: {
    method: 'GET',
    path: '/files/{file_id}/content',
    summary: "Downloads a file's bytes",
  },

  createUpload: {
    method: 'POST',
    path: '/uploads',
    summary: 'Begins an upload in parts',
    body: createUpload,
  },
  addUploadPart: {
    method: 'POST',
    path: '/uploads/{upload_id}/parts',
    summary: 'Adds a part to an upload',
    form: { file: 'data' },
  },
  completeUpload: {
    method: 'POST',
    path: '/uploads/{upload_id}/complete',
    summary: 'Joins the parts named, in that order, into a file',
    body: completeUpload,
  },
  cancelUpload: {
    method: 'POST',
    path: '/uploads/{upload_id}/cancel',
    summary: 'Cancels an upload',
  },

  listModels: { method: 'GET', path: '/models', summary: 'Lists the models that assistants can use' },
  getModel: { method: 'GET', path: '/models/{model}', summary: 'Retrieves a model' },
  deleteModel: {
    method: 'DELETE',
    path: '/models/{model}',
    summary: 'Always refused: models belong to the operator of the deployment',
  },
} as const satisfies Record<string, Operation>;

export type Operations = typeof operations;
export type OperationName = keyof Operations;

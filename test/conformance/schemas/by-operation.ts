import type { z } from 'zod';

import type { OperationName } from '../../../shared/operations/all.ts';
import { allOf, deleted, listOf } from './envelopes.ts';
import { assistant, file, message, model, thread, upload, uploadPart } from './objects.ts';
import { run, runStep } from './run.ts';
import { fileBatch, fileContent, searchResults, vectorStore, vectorStoreFile } from './search.ts';
import { assistantFile, assistantV1, messageFile, messageV1, runV1, threadV1 } from './v1.ts';

/** Not JSON, but the bytes of a file, or a stream of events. */
type Bytes = 'bytes' | 'events';

/** What each operation answers when it is done as asked. */
export const answers: Record<OperationName, z.ZodType | Bytes> = {
  listAssistants: listOf(assistant),
  createAssistant: assistant,
  getAssistant: assistant,
  modifyAssistant: assistant,
  deleteAssistant: deleted('assistant.deleted'),
  listAssistantFiles: listOf(assistantFile),
  createAssistantFile: assistantFile,
  getAssistantFile: assistantFile,
  deleteAssistantFile: deleted('assistant.file.deleted'),
  listThreads: listOf(thread),
  createThread: thread,
  createThreadAndRun: run,
  getThread: thread,
  modifyThread: thread,
  deleteThread: deleted('thread.deleted'),
  listMessages: listOf(message),
  createMessage: message,
  getMessage: message,
  modifyMessage: message,
  deleteMessage: deleted('thread.message.deleted'),
  listMessageFiles: listOf(messageFile),
  getMessageFile: messageFile,
  listRuns: listOf(run),
  createRun: run,
  getRun: run,
  modifyRun: run,
  cancelRun: run,
  submitToolOutputs: run,
  followRunEvents: 'events',
  listRunSteps: listOf(runStep),
  getRunStep: runStep,
  listFiles: listOf(file),
  createFile: file,
  getFile: file,
  deleteFile: deleted('file'),
  getFileContent: 'bytes',
  createUpload: upload,
  addUploadPart: uploadPart,
  completeUpload: upload,
  cancelUpload: upload,
  listVectorStores: listOf(vectorStore),
  createVectorStore: vectorStore,
  getVectorStore: vectorStore,
  modifyVectorStore: vectorStore,
  deleteVectorStore: deleted('vector_store.deleted'),
  searchVectorStore: searchResults,
  listVectorStoreFiles: listOf(vectorStoreFile),
  createVectorStoreFile: vectorStoreFile,
  getVectorStoreFile: vectorStoreFile,
  updateVectorStoreFileAttributes: vectorStoreFile,
  deleteVectorStoreFile: deleted('vector_store.file.deleted'),
  retrieveVectorStoreFileContent: fileContent,
  createVectorStoreFileBatch: fileBatch,
  getVectorStoreFileBatch: fileBatch,
  cancelVectorStoreFileBatch: fileBatch,
  listFilesInVectorStoreBatch: listOf(vectorStoreFile),
  listModels: allOf(model),
  getModel: model,
  deleteModel: deleted('model'),
};

/** The same in the first version's words, where they differ. */
export const answersV1: Partial<Record<OperationName, z.ZodType>> = {
  listAssistants: listOf(assistantV1),
  createAssistant: assistantV1,
  getAssistant: assistantV1,
  modifyAssistant: assistantV1,
  listThreads: listOf(threadV1),
  createThread: threadV1,
  getThread: threadV1,
  modifyThread: threadV1,
  listMessages: listOf(messageV1),
  createMessage: messageV1,
  getMessage: messageV1,
  modifyMessage: messageV1,
  listRuns: listOf(runV1),
  createRun: runV1,
  createThreadAndRun: runV1,
  getRun: runV1,
  modifyRun: runV1,
  cancelRun: runV1,
  submitToolOutputs: runV1,
};

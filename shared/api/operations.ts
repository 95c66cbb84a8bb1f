import { assistantOperations } from './operations/assistants.ts';
import { attachedFileOperations } from './operations/attached-files.ts';
import { fileOperations } from './operations/files.ts';
import { messageOperations } from './operations/messages.ts';
import { modelOperations } from './operations/models.ts';
import { runOperations } from './operations/runs.ts';
import { threadOperations } from './operations/threads.ts';
import { uploadOperations } from './operations/uploads.ts';
import { vectorStoreOperations } from './operations/vector-stores.ts';

/**
 * The whole API, a row for each operation. Routes, validation, the types of the handlers (all of them have to be
 * there) and the OpenAPI document come from this table, and tests go through it: an operation that is not here
 * does not exist. docs/contributing.md says how to add one.
 */
export const operations = {
  ...assistantOperations,
  ...attachedFileOperations,
  ...threadOperations,
  ...messageOperations,
  ...runOperations,
  ...fileOperations,
  ...uploadOperations,
  ...vectorStoreOperations,
  ...modelOperations,
};

export type Operations = typeof operations;
export type OperationName = keyof Operations;
/** An Azure function that serves operations. */
export type FunctionName = Operations[OperationName]['servedBy'];

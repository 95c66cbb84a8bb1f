import { assistantOperations } from './assistants.ts';
import { attachedFileOperations } from './attached-files.ts';
import { fileOperations } from './files.ts';
import { messageOperations } from './messages.ts';
import { modelOperations } from './models.ts';
import { runOperations } from './runs.ts';
import { threadOperations } from './threads.ts';
import { uploadOperations } from './uploads.ts';
import { vectorStoreOperations } from './vector-stores.ts';

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

import { HOUR } from '../clock.ts';
import type { IndexMessage } from '../queue/index-queue.ts';
import { cancelRest } from './cancel-batch.ts';
import { syncAttributes } from './change-attributes.ts';
import { compact } from './compaction.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { forgetFile } from './forget-file.ts';
import { failPoisonedFile, handleFileMessage } from './index-file.ts';
import { finishRemoval } from './remove-file.ts';
import { clearStore, expireStore } from './remove-store.ts';
import { handleBatchMessage } from './spread-batch.ts';

/** One message of queue `index`. Repeatable. @throws errors of storage: the message is delivered again */
export async function handleIndexMessage(
  dependencies: IndexingDependencies,
  message: IndexMessage,
): Promise<void> {
  switch (message.type) {
    case 'index-file':
      return handleFileMessage(dependencies, message);
    case 'spread-batch':
      return handleBatchMessage(dependencies, message);
    case 'cancel-batch':
      return cancelRest(dependencies, message.storeId, message.batchId);
    case 'remove-file':
      return finishRemoval(dependencies, message);
    case 'sync-attributes':
      return syncAttributes(dependencies, message);
    case 'remove-store':
      return clearStore(dependencies, message);
    case 'expire-store':
      return expireStore(dependencies, message);
    case 'forget-file':
      return forgetFile(dependencies, message);
    case 'compact':
      return compact(dependencies, { project: message.project, id: message.storeId });
  }
}

/** Five tries are over within a minute, and what stops them may take an operator hours. */
const PUT_OFF_MS = HOUR;

/**
 * What failed too often for the host's patience: a file that nobody could index ends `failed`; all else is done
 * later, for nothing that was deleted may stay, and no batch may stop halfway.
 */
export async function handlePoisonedIndexMessage(
  dependencies: IndexingDependencies,
  message: IndexMessage,
): Promise<void> {
  if (message.type === 'index-file') return failPoisonedFile(dependencies, message);
  await dependencies.indexQueue.put(message, PUT_OFF_MS);
  const store = 'storeId' in message ? message.storeId : undefined;
  dependencies.log.warn('work on a vector store is put off', { type: message.type, store });
}

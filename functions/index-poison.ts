import { app } from '@azure/functions';

import { handlePoisonedIndexMessage } from '../shared/indexing/handle-index-message.ts';
import { IndexMessage } from '../shared/queue/index-queue.ts';
import { worker } from '../shared/queue/worker.ts';
import { services } from '../shared/services.ts';

/** A message that failed five times: its file ends `failed`; other work on vector stores is done later. */
app.storageQueue('indexPoison', {
  queueName: '%STORAGE_PREFIX%-index-poison',
  connection: 'AzureWebJobsStorage',
  handler: worker(async (message) => {
    const parsed = IndexMessage.safeParse(message);
    // Whatever else was put there by hand is dropped: no later attempt would understand it.
    if (parsed.success) await handlePoisonedIndexMessage(await services(), parsed.data);
  }),
});

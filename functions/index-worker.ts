import { app } from '@azure/functions';

import { handleIndexMessage } from '../shared/indexing/handle-index-message.ts';
import { IndexMessage } from '../shared/queue/index-queue.ts';
import { worker } from '../shared/queue/worker.ts';
import { services } from '../shared/services.ts';

/** Files on their way into vector stores, and what deletions leave behind. */
app.storageQueue('indexWorker', {
  queueName: '%STORAGE_PREFIX%-index',
  connection: 'AzureWebJobsStorage',
  handler: worker(async (message) => {
    const all = await services();
    const parsed = IndexMessage.parse(message);
    const store = 'storeId' in parsed ? parsed.storeId : '';
    await all.telemetry.span('index', { type: parsed.type, store }, () => handleIndexMessage(all, parsed));
  }),
});

import { app } from '@azure/functions';

import { handleRunMessage } from '../shared/engine/handle-run-message.ts';
import { RunMessage } from '../shared/queue/run-queue.ts';
import { services } from '../shared/services.ts';

/** One message, one run advanced. */
app.storageQueue('runWorker', {
  queueName: '%STORAGE_PREFIX%-runs',
  connection: 'AzureWebJobsStorage',
  handler: async (message) => handleRunMessage(await services(), RunMessage.parse(message)),
});

import { app } from '@azure/functions';

import { failPoisonedRun } from '../shared/engine/give-up.ts';
import { RunMessage } from '../shared/queue/run-queue.ts';
import { worker } from '../shared/queue/worker.ts';
import { services } from '../shared/services.ts';

/** A message that failed five times: its run ends `failed`, never silently stuck. */
app.storageQueue('runPoison', {
  queueName: '%STORAGE_PREFIX%-runs-poison',
  connection: 'AzureWebJobsStorage',
  handler: worker(async (message) => {
    const parsed = RunMessage.safeParse(message);
    // Whatever else was put there by hand is dropped: no later attempt would understand it.
    if (parsed.success) await failPoisonedRun(await services(), parsed.data);
  }),
});

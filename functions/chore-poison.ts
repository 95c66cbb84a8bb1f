import { app } from '@azure/functions';

import { putChoreOff } from '../shared/chores/do-chore.ts';
import { ChoreMessage } from '../shared/queue/chore-queue.ts';
import { worker } from '../shared/queue/worker.ts';
import { services } from '../shared/services.ts';

/** A chore that failed five times is done later, not given up: nothing of a deleted thread may stay. */
app.storageQueue('chorePoison', {
  queueName: '%STORAGE_PREFIX%-chores-poison',
  connection: 'AzureWebJobsStorage',
  handler: worker(async (message) => {
    const parsed = ChoreMessage.safeParse(message);
    // Whatever else was put there by hand is dropped: no later attempt would understand it.
    if (parsed.success) await putChoreOff(await services(), parsed.data);
  }),
});

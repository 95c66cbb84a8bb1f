import { app } from '@azure/functions';

import { doChore } from '../shared/chores/do-chore.ts';
import { ChoreMessage } from '../shared/queue/chore-queue.ts';
import { worker } from '../shared/queue/worker.ts';
import { services } from '../shared/services.ts';

/** Deadlines of Python sessions, and what deleted threads leave behind. */
app.storageQueue('choreWorker', {
  queueName: '%STORAGE_PREFIX%-chores',
  connection: 'AzureWebJobsStorage',
  handler: worker(async (message) => doChore(await services(), ChoreMessage.parse(message))),
});

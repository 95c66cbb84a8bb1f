import { app } from '@azure/functions';

import { doChore } from '../shared/chores/do-chore.ts';
import { SessionMessage } from '../shared/queue/chore-queue.ts';
import { worker } from '../shared/queue/worker.ts';
import { services } from '../shared/services.ts';

/** Deadlines of Python sessions, and what deleted threads leave behind. */
app.storageQueue('sessionWorker', {
  queueName: '%STORAGE_PREFIX%-sessions',
  connection: 'AzureWebJobsStorage',
  handler: worker(async (message) => doChore(await services(), SessionMessage.parse(message))),
});

import { app } from '@azure/functions';

import { handleRunMessage } from '../shared/engine/handle-run-message.ts';
import { RunMessage } from '../shared/queue/run-queue.ts';
import { worker } from '../shared/queue/worker.ts';
import { services } from '../shared/services.ts';

/** One message, one run advanced. */
app.storageQueue('runWorker', {
  queueName: '%STORAGE_PREFIX%-runs',
  connection: 'AzureWebJobsStorage',
  handler: worker(async (message) => {
    const all = await services();
    const { runId: run, threadId: thread, kind } = RunMessage.parse(message);
    await all.telemetry.span('run', { run, thread, kind }, () =>
      handleRunMessage(all, { runId: run, threadId: thread, kind }),
    );
  }),
});

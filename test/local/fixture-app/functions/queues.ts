import { appendFile } from 'node:fs/promises';
import { app, type InvocationContext } from '@azure/functions';

/** The test reads here what happened, in order; the host may be killed at any time. */
async function note(event: object): Promise<void> {
  const file = process.env.FIXTURE_JOURNAL;
  if (!file) throw new Error('FIXTURE_JOURNAL is not set');
  await appendFile(file, `${JSON.stringify(event)}\n`);
}

interface Order {
  readonly name: string;
  readonly fail?: boolean;
  readonly milliseconds?: number;
}

app.storageQueue('work', {
  queueName: '%FIXTURE_PREFIX%-work',
  connection: 'AzureWebJobsStorage',
  handler: async (message, context: InvocationContext) => {
    const order = message as Order;
    const { dequeueCount, id } = context.triggerMetadata ?? {};
    await note({ event: 'begin', name: order.name, dequeueCount, id: typeof id });
    if (order.milliseconds) await new Promise((resolve) => setTimeout(resolve, order.milliseconds));
    if (order.fail) throw new Error('failed on purpose');
    await note({ event: 'end', name: order.name });
  },
});

app.storageQueue('poison', {
  queueName: '%FIXTURE_PREFIX%-work-poison',
  connection: 'AzureWebJobsStorage',
  handler: (message) => note({ event: 'poison', message }),
});

app.hook.appStart(() => note({ event: 'appStart' }));
app.hook.appTerminate(() => note({ event: 'appTerminate' }));

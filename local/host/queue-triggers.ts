import { randomUUID } from 'node:crypto';
import { type DequeuedMessageItem, QueueServiceClient } from '@azure/storage-queue';

import type { RegisteredFunction } from './app-registry.ts';
import type { TypedData } from './core-api.ts';
import type { QueueSettings } from './host-json.ts';
import type { Invocations } from './invocation.ts';
import type { HostLog } from './log.ts';
import { type QueueListener, startQueueListener } from './queue-listener.ts';

/** Fixed in Azure. */
const HIDDEN_MS = 10 * 60_000;
const MAX_QUEUE_NAME = 63;

export interface QueueTriggerOptions {
  readonly functions: Iterable<RegisteredFunction>;
  readonly invocations: Invocations;
  readonly settings: QueueSettings;
  readonly environment: Record<string, string | undefined>;
  readonly log: HostLog;
  /** As if the functions of queues were scaled to zero, and took so long to wake; 0: they are awake. */
  readonly coldMs?: number;
}

/**
 * Starts a listener for every queue trigger; missing queues are created.
 * @throws when a `%SETTING%` or a connection is not set, or storage cannot be reached.
 */
export async function startQueueTriggers(options: QueueTriggerOptions): Promise<readonly QueueListener[]> {
  const { environment, invocations, settings, log } = options;
  const triggers = [...options.functions].flatMap((fn) =>
    Object.entries(fn.metadata.bindings)
      .filter(([, binding]) => binding.type.toLowerCase() === 'queuetrigger')
      .map(([name, binding]) => ({ fn, name, binding })),
  );
  return Promise.all(
    triggers.map(async ({ fn, name, binding }) => {
      const service = connect(binding.connection, environment);
      const queue = service.getQueueClient(resolveSettings(binding.queueName ?? '', environment));
      const poisonName = `${queue.name}-poison`;
      const hasPoison = !queue.name.endsWith('-poison') && poisonName.length <= MAX_QUEUE_NAME;
      await queue.createIfNotExists();
      return startQueueListener({
        queue,
        poison: hasPoison ? service.getQueueClient(poisonName) : undefined,
        settings,
        hiddenMs: HIDDEN_MS,
        coldMs: options.coldMs ?? 0,
        log,
        run: (text, message) =>
          invocations.invoke(fn, {
            invocationId: randomUUID(),
            inputData: [{ name, data: { string: text } }],
            triggerMetadata: triggerMetadata(text, message),
          }),
      });
    }),
  );
}

function connect(
  connection: string | undefined,
  environment: Record<string, string | undefined>,
): QueueServiceClient {
  const name = connection ?? 'AzureWebJobsStorage';
  const value = environment[`AzureWebJobs${name}`] ?? environment[name];
  if (!value) throw new Error(`${name}: the local host needs a storage connection string in this setting`);
  return QueueServiceClient.fromConnectionString(value, {
    retryOptions: { maxTries: 4, retryDelayInMs: 250, maxRetryDelayInMs: 4_000 },
  });
}

/** `%NAME%` stands for the setting NAME. */
function resolveSettings(text: string, environment: Record<string, string | undefined>): string {
  return text.replace(/%([^%]+)%/g, (_whole, name: string) => {
    const value = environment[name];
    if (value === undefined) throw new Error(`${name}: the queue name "${text}" needs this setting`);
    return value;
  });
}

function triggerMetadata(text: string, message: DequeuedMessageItem): Record<string, TypedData> {
  const json = (value: unknown): TypedData => ({ json: JSON.stringify(value) });
  return {
    QueueTrigger: json(text),
    Id: json(message.messageId),
    PopReceipt: json(message.popReceipt),
    DequeueCount: json(message.dequeueCount),
    InsertionTime: json(message.insertedOn),
    ExpirationTime: json(message.expiresOn),
    NextVisibleTime: json(message.nextVisibleOn),
  };
}

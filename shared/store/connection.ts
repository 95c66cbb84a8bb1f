import type { TokenCredential } from '@azure/core-auth';
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { type QueueClient, QueueServiceClient } from '@azure/storage-queue';

import type { Config } from '../config.ts';
import { endSilence } from './silence.ts';

/**
 * Opens the account's three services in the way the Functions host does: a connection string, or identity
 * with `AzureWebJobsStorage__accountName` or the three service URIs.
 */
export interface StorageAccount {
  table(name: string): TableClient;
  container(name: string): ContainerClient;
  queue(name: string): QueueClient;
  /** The services' names by host and port, as they stand in requests. */
  readonly hosts: ReadonlyMap<string, string>;
}

/** Calls to tables and queues are repeated by {@link patiently}, which also notices dead connections. */
const once = { maxRetries: 0 };
const queueRetry = { maxTries: 1 };
/** Transfers are repeated block by block, for about {@link PATIENCE_MS} in all. */
const blobRetry = { maxTries: 13, retryDelayInMs: 100, maxRetryDelayInMs: 4000 };

/** What says where storage is, and as whom to go there. */
export type StorageSettings = Pick<
  Config,
  | 'AzureWebJobsStorage'
  | 'AzureWebJobsStorage__accountName'
  | 'AzureWebJobsStorage__blobServiceUri'
  | 'AzureWebJobsStorage__queueServiceUri'
  | 'AzureWebJobsStorage__tableServiceUri'
  | 'AzureWebJobsStorage__clientId'
  | 'AZURE_CLIENT_ID'
  | 'STORAGE_PREFIX'
>;

export async function openStorageAccount(config: StorageSettings): Promise<StorageAccount> {
  const account = await connect(config);
  endSilence(account.hosts.keys());
  return account;
}

async function connect(config: StorageSettings): Promise<StorageAccount> {
  const prefix = config.STORAGE_PREFIX;
  if (config.AzureWebJobsStorage) {
    const connection = config.AzureWebJobsStorage;
    // Plain http only ever means a local emulator: Azure's endpoints are https.
    const insecure = { allowInsecureConnection: true, retryOptions: once };
    const blobs = BlobServiceClient.fromConnectionString(connection, { retryOptions: blobRetry });
    const queues = QueueServiceClient.fromConnectionString(connection, { retryOptions: queueRetry });
    return {
      table: (name) => TableClient.fromConnectionString(connection, prefix + name, insecure),
      container: (name) => blobs.getContainerClient(`${prefix}-${name}`),
      queue: (name) => queues.getQueueClient(`${prefix}-${name}`),
      hosts: hostsOf(
        blobs.url,
        queues.url,
        TableClient.fromConnectionString(connection, 'any', insecure).url,
      ),
    };
  }
  const credential = await managedIdentity(config.AzureWebJobsStorage__clientId ?? config.AZURE_CLIENT_ID);
  const account = config.AzureWebJobsStorage__accountName;
  const uri = (service: 'blob' | 'queue' | 'table', given: string | undefined) =>
    given ?? `https://${account}.${service}.core.windows.net`;
  const tableUri = uri('table', config.AzureWebJobsStorage__tableServiceUri);
  const blobs = new BlobServiceClient(uri('blob', config.AzureWebJobsStorage__blobServiceUri), credential, {
    retryOptions: blobRetry,
  });
  const queues = new QueueServiceClient(
    uri('queue', config.AzureWebJobsStorage__queueServiceUri),
    credential,
    { retryOptions: queueRetry },
  );
  return {
    table: (name) => new TableClient(tableUri, prefix + name, credential, { retryOptions: once }),
    container: (name) => blobs.getContainerClient(`${prefix}-${name}`),
    queue: (name) => queues.getQueueClient(`${prefix}-${name}`),
    hosts: hostsOf(blobs.url, queues.url, tableUri),
  };
}

const hostsOf = (blob: string, queue: string, table: string): ReadonlyMap<string, string> =>
  new Map([
    [new URL(blob).host, 'blob'],
    [new URL(queue).host, 'queue'],
    [new URL(table).host, 'table'],
  ]);

/** The identity library costs 100 ms to load: only deployments without a connection string pay for it. */
async function managedIdentity(clientId: string | undefined): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  return clientId ? new ManagedIdentityCredential({ clientId }) : new DefaultAzureCredential();
}

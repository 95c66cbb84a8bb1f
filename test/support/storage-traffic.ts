import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

import { testStorage } from './azurite.ts';

/** One storage transaction: what an account is billed for. A batch of rows is one. */
export interface Transaction {
  readonly service: 'table' | 'blob' | 'queue';
  readonly method: string;
  /** With the query. */
  readonly path: string;
}

const current = new AsyncLocalStorage<Transaction[]>();
let watching = false;

/**
 * Does something, and tells which storage transactions it caused: its own alone, whatever else this process
 * does meanwhile.
 */
export async function storageTraffic<T>(
  work: () => Promise<T>,
): Promise<{ result: T; transactions: readonly Transaction[] }> {
  if (!watching) await watch();
  const transactions: Transaction[] = [];
  const result = await current.run(transactions, work);
  return { result, transactions };
}

/** Node tells of every request that any HTTP client sends, in the asynchronous context of who sends it. */
async function watch(): Promise<void> {
  watching = true;
  const { connectionString } = await testStorage();
  const services = new Map<string, Transaction['service']>();
  for (const service of ['table', 'blob', 'queue'] as const) {
    const endpoint = new RegExp(`${service}Endpoint=([^;]+)`, 'i').exec(connectionString)?.[1];
    if (endpoint) services.set(new URL(endpoint).host, service);
  }
  subscribe('http.client.request.created', (message) => {
    const { request } = message as { request: ClientRequest };
    const service = services.get(String(request.getHeader('host')));
    if (service) current.getStore()?.push({ service, method: request.method, path: request.path });
  });
}

/** Reads alone; a `DELETE` counts as a write. */
export const writes = (transactions: readonly Transaction[]): readonly Transaction[] =>
  transactions.filter(({ method }) => method !== 'GET' && method !== 'HEAD');

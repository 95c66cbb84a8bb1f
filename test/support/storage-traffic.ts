import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

import { testStorage } from './azurite.ts';

/** One storage transaction: what an account is billed for. A batch of rows is one. */
export interface Transaction {
  readonly service: 'table' | 'blob' | 'queue';
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** From the request to the end of its answer; 0 until then. */
  readonly milliseconds: number;
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
    const transactions = current.getStore();
    if (!service || !transactions) return;
    const started = performance.now();
    const transaction = { service, method: request.method, path: request.path, milliseconds: 0 };
    transactions.push(transaction);
    request.once('response', (response: IncomingMessage) => {
      response.once('end', () => {
        transaction.milliseconds = performance.now() - started;
      });
    });
  });
}

/** Reads alone; a `DELETE` counts as a write. */
export const writes = (transactions: readonly Transaction[]): readonly Transaction[] =>
  transactions.filter(({ method }) => method !== 'GET' && method !== 'HEAD');

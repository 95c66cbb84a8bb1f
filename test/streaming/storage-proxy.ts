import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StorageProxy extends AsyncDisposable {
  /** The connection string of the storage behind it, with blobs through here. */
  readonly connectionString: string;
}

/**
 * Blob storage as one host sees it, except that requests which `held` picks are never answered, nor reach it:
 * so a log stays behind a response for as long as a test wants.
 */
export async function startStorageProxy(
  connectionString: string,
  held: (method: string, url: URL) => boolean,
): Promise<StorageProxy> {
  const target = new URL(/BlobEndpoint=([^;]+)/.exec(connectionString)?.[1] ?? '');
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', target);
    if (held(incoming.method ?? '', url)) return void incoming.resume();
    const options = {
      agent,
      host: target.hostname,
      port: target.port,
      path: incoming.url,
      method: incoming.method,
    };
    const forwarded = request({ ...options, headers: incoming.headers }, (answer: IncomingMessage) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const through = `http://127.0.0.1:${port}${target.pathname}`;
  return {
    connectionString: connectionString.replace(/BlobEndpoint=[^;]+/, `BlobEndpoint=${through}`),
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** An append to the event log of a thread that `isHeld` picks. */
export const logAppends =
  (isHeld: (threadId: string) => boolean) =>
  (method: string, url: URL): boolean => {
    const thread = /(thread_\w+)/.exec(url.pathname)?.[1];
    const appends = method === 'PUT' && url.searchParams.get('comp') === 'appendblock';
    return appends && thread !== undefined && isHeld(thread);
  };

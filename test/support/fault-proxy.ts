import {
  Agent,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

/** What storage was asked, in words that a budget can be written in. */
export interface StorageRequest {
  readonly service: 'blob' | 'queue' | 'table';
  /** For example `table transaction`, `queue put`, `queue receive`, `blob append`. */
  readonly kind: string;
  /** Name of the table, queue or container. */
  readonly resource: string;
  readonly method: string;
  readonly url: string;
}

/** The same with its answer. */
export interface AnsweredRequest extends StorageRequest {
  readonly status: number;
  /** A receive that found no message: an idle poll. */
  readonly idle: boolean;
}

/**
 * `busy`: 503 ServerBusy, as throttling does. `refuse`: the connection breaks before the request is passed on.
 * `lose-answer`: the request is carried out and its answer is lost. `hang`: nothing ever comes. `conflict`: 412,
 * as if another writer had been first.
 */
export type Fault = 'busy' | 'refuse' | 'lose-answer' | 'hang' | 'conflict';

export interface FaultProxy extends AsyncDisposable {
  /** Like the one it stands before, with the proxy's addresses. */
  readonly connectionString: string;
  /** Every request that was answered so far. */
  readonly requests: AnsweredRequest[];
  /** Decides what happens to a request; undefined = it passes. */
  fault: (request: StorageRequest) => Fault | undefined;
  /** Nobody listens any more: connections are refused. */
  disconnect(): Promise<void>;
  reconnect(): Promise<void>;
  stop(): Promise<void>;
}

const services = ['blob', 'queue', 'table'] as const;

/** Stands before a storage account (Azurite), counts what it is asked and injects faults. */
export async function startFaultProxy(connectionString: string): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const requests: AnsweredRequest[] = [];
  const ports = new Map<string, number>();
  let servers: Server[] = [];

  const proxy: FaultProxy = {
    connectionString: '',
    requests,
    fault: () => undefined,
    async disconnect() {
      await Promise.all(
        servers.map(async (server) => {
          const closed = new Promise<void>((resolve) => server.close(() => resolve()));
          server.closeAllConnections();
          await closed;
        }),
      );
      servers = [];
    },
    async reconnect() {
      servers = await Promise.all(services.map((service) => listen(service, ports.get(service) ?? 0)));
    },
    async stop() {
      await proxy.disconnect();
      agent.destroy();
    },
    [Symbol.asyncDispose]: () => proxy.stop(),
  };

  async function listen(service: StorageRequest['service'], port: number): Promise<Server> {
    const target = endpointOf(connectionString, service);
    const server = createServer((incoming, outgoing) => {
      // Whoever breaks a connection on purpose does not want to hear of it.
      incoming.on('error', () => undefined);
      outgoing.on('error', () => undefined);
      pass(service, target, incoming, outgoing);
    });
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    ports.set(service, (server.address() as AddressInfo).port);
    return server;
  }

  function pass(
    service: StorageRequest['service'],
    target: URL,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): void {
    const asked = describe(service, incoming);
    const fault = proxy.fault(asked);
    if (interfere(fault, incoming, outgoing)) return;
    if (incoming.destroyed) return;
    const { method, headers } = incoming;
    const { hostname, port } = target;
    const forwarded = send({ agent, hostname, port, path: asked.url, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      const keep = asked.kind === 'queue receive';
      if (keep) response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        const idle = keep && !Buffer.concat(chunks).includes('<MessageId>');
        requests.push({ ...asked, status: response.statusCode ?? 0, idle });
        if (fault === 'lose-answer') incoming.socket.destroy();
      });
      if (fault === 'lose-answer') {
        response.resume();
        return;
      }
      if (outgoing.destroyed) {
        response.resume();
        return;
      }
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      pipeline(response, outgoing, () => undefined);
    });
    forwarded.on('error', () => outgoing.destroy());
    pipeline(incoming, forwarded, () => undefined);
  }

  await proxy.reconnect();
  return Object.assign(proxy, { connectionString: through(connectionString, ports) });
}

/** What happens instead of passing the request on. False when it passes. */
function interfere(fault: Fault | undefined, incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  switch (fault) {
    case 'busy':
      answer(outgoing, 503, 'ServerBusy');
      return true;
    case 'conflict':
      answer(outgoing, 412, 'UpdateConditionNotSatisfied');
      return true;
    case 'refuse':
      incoming.socket.destroy();
      return true;
    case 'hang':
      return true;
    case 'lose-answer':
    case undefined:
      return false;
  }
}

function answer(outgoing: ServerResponse, status: number, code: string): void {
  const body = JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: code } } });
  outgoing.writeHead(status, { 'content-type': 'application/json', 'x-ms-error-code': code });
  outgoing.end(body);
}

function endpointOf(connectionString: string, service: string): URL {
  const url = new RegExp(`${service}Endpoint=([^;]+)`, 'i').exec(connectionString)?.[1];
  if (!url) throw new Error(`The connection string names no endpoint for ${service}.`);
  return new URL(url);
}

const through = (connectionString: string, ports: ReadonlyMap<string, number>): string =>
  services.reduce((text, service) => {
    const url = endpointOf(connectionString, service);
    return text.replace(url.href, `http://127.0.0.1:${ports.get(service)}${url.pathname}`);
  }, connectionString);

function describe(service: StorageRequest['service'], incoming: IncomingMessage): StorageRequest {
  const { method = 'GET', url = '/' } = incoming;
  const { pathname, searchParams } = new URL(url, 'http://storage');
  const [resource = '', ...rest] = pathname.split('/').slice(2);
  const kinds = { blob: blobKind, queue: queueKind, table: tableKind };
  const kind = `${service} ${kinds[service](method, resource, rest, searchParams)}`;
  return { service, kind, resource: resource.replace(/\(.*$/, ''), method, url };
}

function tableKind(method: string, resource: string): string {
  if (resource === '$batch') return 'transaction';
  if (method === 'GET') return /\(PartitionKey=/.test(decodeURIComponent(resource)) ? 'get' : 'query';
  return method === 'POST' ? 'insert' : method === 'DELETE' ? 'delete' : 'write';
}

function queueKind(method: string, _queue: string, rest: readonly string[]): string {
  if (rest[0] !== 'messages') return 'other';
  if (method === 'POST') return 'put';
  if (method === 'PUT') return 'postpone';
  return method === 'DELETE' ? 'delete' : 'receive';
}

function blobKind(
  method: string,
  _container: string,
  rest: readonly string[],
  query: URLSearchParams,
): string {
  if (rest.length === 0) return 'list';
  if (method === 'PUT') return query.get('comp') === 'appendblock' ? 'append' : 'put';
  return method === 'DELETE' ? 'delete' : method === 'HEAD' ? 'head' : 'get';
}

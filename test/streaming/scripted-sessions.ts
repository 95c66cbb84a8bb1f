import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A line of an execution without its number, or something to wait for before the next one. */
export type Line = { readonly type: string; readonly [field: string]: unknown } | (() => Promise<unknown>);

export interface ScriptedSessions extends AsyncDisposable {
  /** For SESSION_ARM_ENDPOINT. */
  readonly url: string;
  /** How many executions were begun; one that is told again is not begun again. */
  readonly executions: number;
}

/** The last line of code that wrote `/mnt/data/a.txt`. */
export const doneWithFile: Line = {
  type: 'done',
  status: 'ok',
  ms: 1,
  files: [{ path: 'a.txt', bytes: 1, mtime_ns: 1 }],
  deleted: [],
};

/**
 * Container groups whose one agent plays lines instead of running code: sessions that cost nothing, and halt
 * where a test wants them to. Executions are remembered by id and told again, as the real agent does.
 */
export async function startScriptedSessions(
  play: (code: string) => readonly Line[],
): Promise<ScriptedSessions> {
  const groups = new Map<string, object>();
  const executions = new Map<string, readonly Line[]>();
  const ip = `127.${randomInt(1, 63)}.${randomInt(256)}.${randomInt(1, 255)}`;

  const agent = await serve(ip, 8080, async (request, response) => {
    const path = request.url ?? '';
    if (path === '/healthz') {
      return send(response, 200, { state: 'idle', boot_id: 'b', generation: 1, claimed: true });
    }
    if (path === '/v1/files') return send(response, 200, { files: [] });
    if (path.startsWith('/v1/files/')) return void response.end('x');
    if (path !== '/v1/execute') return send(response, 202, {});
    const { execution_id: id, code } = (await json(request)) as { execution_id: string; code: string };
    const lines = executions.get(id) ?? play(code);
    executions.set(id, lines);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    let n = 0;
    for (const line of [{ type: 'started', execution_id: id, generation: 1 }, ...lines]) {
      if (typeof line === 'function') await line();
      else response.write(`${JSON.stringify({ n: n++, ...line })}\n`);
    }
    response.end();
  });

  const arm = await serve('127.0.0.1', 0, async (request, response) => {
    const name = /containerGroups\/([^/?]+)/.exec(request.url ?? '')?.[1];
    if (name === undefined) return send(response, 200, { value: [] });
    if (request.method === 'PUT') {
      const body = (await json(request)) as { properties: object; tags: object };
      const ipAddress = { type: 'Private', ip, ports: [] };
      const state = { provisioningState: 'Succeeded', instanceView: { state: 'Running' } };
      groups.set(name, { name, tags: body.tags, properties: { ...body.properties, ...state, ipAddress } });
    }
    const group = groups.get(name);
    send(response, group ? 200 : 404, group ?? { error: { code: 'ResourceNotFound', message: name } });
  });

  return {
    url: `http://127.0.0.1:${(arm.address() as AddressInfo).port}`,
    get executions() {
      return executions.size;
    },
    async [Symbol.asyncDispose]() {
      for (const server of [agent, arm]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

async function serve(
  host: string,
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Server> {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.listen({ host, port });
  await once(server, 'listening');
  return server;
}

function send(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(content));
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Something that listens where an agent should, and answers as the test says: on a real socket. */
export class FakeAgent implements AsyncDisposable {
  readonly address: string;
  readonly requests: { method: string; url: string; authorization: string | undefined }[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(handler: Handler): Promise<FakeAgent> {
    let agent: FakeAgent | undefined;
    const server = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      agent?.requests.push({ method, url, authorization: headers.authorization });
      handler(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    agent = new FakeAgent(server);
    return agent;
  }

  get connection() {
    return { address: this.address, token: 'secret' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** Lines of an execution as NDJSON, numbered from `first`. */
export const numbered = (lines: readonly object[], first = 0): string =>
  lines.map((line, index) => `${JSON.stringify({ n: first + index, ...line })}\n`).join('');

export const started = { type: 'started', execution_id: 'e', generation: 1 } as const;
export const stream = (text: string) => ({ type: 'stream', name: 'stdout', text }) as const;
export const done = (changes: object = {}) => ({
  type: 'done',
  status: 'ok',
  ms: 1,
  files: [] as object[],
  deleted: [] as string[],
  ...changes,
});

/** Writes for as long as somebody reads. */
export function endless(response: ServerResponse, chunk: string | (() => string)): void {
  const write = () => {
    while (!response.destroyed) {
      if (!response.write(typeof chunk === 'string' ? chunk : chunk())) {
        response.once('drain', write);
        return;
      }
    }
  };
  response.on('error', () => undefined);
  write();
}

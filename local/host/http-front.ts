import { randomUUID } from 'node:crypto';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream';

import { countBytes, declaredTooLarge } from './body-limit.ts';
import { forwardedHeaders, hasBody, hostOf, returnedHeaders, triggerHeaders } from './http-headers.ts';
import type { Invocations } from './invocation.ts';
import { describeError, type HostLog } from './log.ts';
import type { HttpRoute, Router } from './router.ts';

export interface HttpFrontOptions {
  readonly router: Router;
  readonly invocations: Invocations;
  /** The library's proxy server. */
  readonly libraryUrl: URL;
  readonly maxBodyBytes: number;
  readonly log: HostLog;
}

/**
 * The HTTP side of the host, in two legs as in Azure: the raw request goes to the library's proxy server
 * (streamed both ways), the invocation to the function; they meet on the invocation id.
 */
export function createHttpFront(options: HttpFrontOptions): Server {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const handle = (req: IncomingMessage, res: ServerResponse) => {
    if (declaredTooLarge(req, options.maxBodyBytes)) return refuseBody(req, res);
    const route = options.router.find(req.method ?? '', req.url ?? '');
    if (!route) return plain(res, 404);
    if (!URL.canParse(`http://${hostOf(req)}`)) return plain(res, 400);
    if (req.headers.expect) res.writeContinue();
    forward(req, res, route, agent, options);
  };
  // Uploads may take longer than Node's 5 minutes; the platform's own limit is one of idleness.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, handle);
  server.on('checkContinue', handle);
  server.on('close', () => agent.destroy());
  return server;
}

function forward(
  req: IncomingMessage,
  res: ServerResponse,
  { fn, binding, params }: HttpRoute,
  agent: Agent,
  { invocations, libraryUrl, maxBodyBytes, log }: HttpFrontOptions,
): void {
  const invocationId = randomUUID();
  const name = fn.metadata.name;
  const target = originForm(req.url ?? '/');
  const upstream = request(new URL(libraryUrl.origin), {
    agent,
    method: req.method,
    path: target,
    headers: forwardedHeaders(req, invocationId),
    setHost: false,
  });
  let settled = false;

  /** Ends both legs: an answer if none has begun, else a visible break of the connection. */
  const fail = (status: number) => {
    if (settled) return;
    settled = true;
    upstream.destroy();
    if (res.headersSent) res.destroy();
    else plain(res, status);
  };

  upstream.on('response', (answer) => {
    if (settled) return void answer.resume();
    res.writeHead(answer.statusCode ?? 500, returnedHeaders(answer));
    pipeline(answer, res, (error) => {
      if (error && !settled) {
        settled = true;
        upstream.destroy();
      }
    });
  });
  upstream.on('error', (error) => {
    if (settled || res.destroyed) return;
    log.write('error', 'http', `${name}: the app closed the connection: ${error.message}`);
    fail(502);
  });
  // The client left: pass it on, as the app's only way to learn of it is its own connection's end.
  res.on('close', () => {
    if (res.writableFinished) return;
    settled = true;
    if (upstream.socket?.connecting) upstream.socket.once('connect', () => upstream.destroy());
    else upstream.destroy();
  });

  if (!hasBody(req.headers)) upstream.end();
  else if (req.headers['content-length'] !== undefined) req.pipe(upstream);
  else req.pipe(countBytes(maxBodyBytes, () => fail(413))).pipe(upstream);
  upstream.flushHeaders();

  const triggerMetadata = {
    ...Object.fromEntries(Object.entries(params).map(([key, value]) => [key, { string: value }])),
    Headers: { json: JSON.stringify(triggerHeaders(req)) },
    Query: { json: JSON.stringify(Object.fromEntries(new URL(target, libraryUrl).searchParams)) },
  };
  const inputData = [{ name: binding, data: { http: {} } }];
  invocations.invoke(fn, { invocationId, inputData, triggerMetadata }).catch((error: unknown) => {
    log.write(
      'error',
      'http',
      `HANDLER THREW in ${name} (${req.method} ${new URL(target, libraryUrl).pathname}): Azure would leave this request hanging for minutes. ${describeError(error)}`,
    );
    fail(500);
  });
}

/** Answers without a body, as the real host does when no function is involved. */
function plain(res: ServerResponse, status: number): void {
  res.writeHead(status, { 'content-length': '0' }).end();
}

/** Says no at once, but lets the client finish or notice: closing with unread data would lose the answer. */
function refuseBody(req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(413, { 'content-length': '0', connection: 'close' }).end();
  const timer = setTimeout(() => req.destroy(), 5_000);
  req.once('close', () => clearTimeout(timer));
  if (!req.headers.expect) req.resume();
}

function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  if (!URL.canParse(target)) return '/';
  const { pathname, search } = new URL(target);
  return pathname + search;
}

import { randomUUID } from 'node:crypto';
import { type Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';

import { answerPlainly } from './answer-plainly.ts';
import { countBytes, discardBody } from './body-limit.ts';
import { forwardedHeaders, hasBody, returnedHeaders, triggerHeaders } from './http-headers.ts';
import type { Target } from './http-target.ts';
import type { Invocations } from './invocation.ts';
import { describeError, type HostLog } from './log.ts';
import type { HttpRoute } from './router.ts';

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly target: Target;
  readonly route: HttpRoute;
  readonly agent: Agent;
  readonly invocations: Invocations;
  readonly libraryUrl: URL;
  readonly maxBodyBytes: number;
  readonly log: HostLog;
}

/**
 * Sends one request in two legs, as Azure does: the raw message to the library's proxy server (streamed both
 * ways), the invocation to the function. They meet on the invocation id.
 */
export function forward(exchange: Exchange): void {
  const { req, res, target, log } = exchange;
  const { fn } = exchange.route;
  const invocationId = randomUUID();
  const upstream = request({
    agent: exchange.agent,
    host: exchange.libraryUrl.hostname,
    port: exchange.libraryUrl.port,
    method: req.method,
    path: target.path,
    headers: forwardedHeaders(req, target.host, invocationId),
    setHost: false,
  });
  let settled = false;

  /** Ends both legs: an answer if none has begun, else a visible break of the connection. */
  const fail = (status: number) => {
    if (settled) return;
    settled = true;
    upstream.destroy();
    if (!res.headersSent) answerPlainly(req, res, status);
    else if (!res.writableFinished) res.destroy();
  };

  upstream.on('response', (answer) => {
    if (settled) return void answer.resume();
    res.writeHead(answer.statusCode ?? 500, returnedHeaders(answer));
    pipeline(answer, res, (error) => {
      if (!error && req.complete) return;
      // Broken off, or answered before the body was read: this connection is of no further use.
      settled = true;
      upstream.destroy();
      discardBody(req);
    });
  });
  upstream.on('error', (error) => {
    if (settled || res.destroyed) return;
    log.write('error', 'http', `${fn.metadata.name}: the app closed the connection: ${error.message}`);
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
  else req.pipe(countBytes(exchange.maxBodyBytes, () => fail(413))).pipe(upstream);
  upstream.flushHeaders();

  invoke(exchange, invocationId).catch((error: unknown) => {
    const what = `${fn.metadata.name} (${req.method} ${target.url.pathname})`;
    if (settled) {
      log.write('warning', 'http', `${what} threw when its connection was over: ${describeError(error)}`);
    } else {
      const consequence = 'Azure would leave this request hanging for minutes';
      log.write('error', 'http', `HANDLER THREW in ${what}: ${consequence}. ${describeError(error)}`);
      fail(500);
    }
  });
}

/** The leg that in Azure comes by gRPC: parameters and headers, no body. */
function invoke({ req, target, route, invocations }: Exchange, invocationId: string): Promise<void> {
  return invocations.invoke(route.fn, {
    invocationId,
    inputData: [{ name: route.binding, data: { http: {} } }],
    triggerMetadata: {
      ...Object.fromEntries(Object.entries(route.params).map(([key, value]) => [key, { string: value }])),
      Headers: { json: JSON.stringify(triggerHeaders(req)) },
      Query: { json: JSON.stringify(Object.fromEntries(target.url.searchParams)) },
    },
  });
}

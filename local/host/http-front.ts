import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { answerPlainly } from './answer-plainly.ts';
import { declaredTooLarge } from './body-limit.ts';
import { forward } from './http-forward.ts';
import { targetOf } from './http-target.ts';
import type { Invocations } from './invocation.ts';
import type { HostLog } from './log.ts';
import type { Router } from './router.ts';

export interface HttpFrontOptions {
  readonly router: Router;
  readonly invocations: Invocations;
  /** The library's proxy server. */
  readonly libraryUrl: URL;
  readonly maxBodyBytes: number;
  readonly log: HostLog;
}

/** The HTTP side of the host: refuses what no function should see, routes the rest. */
export function createHttpFront(options: HttpFrontOptions): Server {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const handle = (req: IncomingMessage, res: ServerResponse) => {
    const target = targetOf(req);
    if (!target) return answerPlainly(req, res, 400);
    if (declaredTooLarge(req, options.maxBodyBytes)) return answerPlainly(req, res, 413);
    const route = options.router.find(req.method ?? '', target.url.pathname);
    if (!route) return answerPlainly(req, res, 404);
    if (req.headers.expect) res.writeContinue();
    forward({ ...options, agent, req, res, target, route });
  };
  // Uploads may take longer than Node's 5 minutes; the platform's own limit is one of idleness.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, handle);
  server.on('checkContinue', handle);
  server.on('close', () => agent.destroy());
  return server;
}

import type { IncomingMessage, ServerResponse } from 'node:http';

import { discardBody } from './body-limit.ts';
import { hasBody } from './http-headers.ts';

/** An answer without a body, as the real host gives them when no function is involved. */
export function answerPlainly(req: IncomingMessage, res: ServerResponse, status: number): void {
  const unread = hasBody(req.headers) && !req.complete;
  res.writeHead(status, { 'content-length': '0', ...(unread ? { connection: 'close' } : {}) }).end();
  if (unread) discardBody(req);
}

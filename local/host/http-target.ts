import type { IncomingMessage } from 'node:http';

export interface Target {
  /** As the client sent it, in origin form: what the app gets. */
  readonly path: string;
  /** What routing and the query come from. */
  readonly url: URL;
  /** Only HTTP/1.0 may leave the Host header out. */
  readonly host: string;
}

/** Undefined for a request line or a Host header that makes no URL: 400, before any function sees it. */
export function targetOf(req: IncomingMessage): Target | undefined {
  // Two of them are a way to be one host for a proxy and another one for the app.
  if ((req.headersDistinct.host?.length ?? 0) > 1) return undefined;
  const host = req.headers.host ?? 'localhost';
  if (!/^[^\s/?#@\\]+$/.test(host)) return undefined;
  const path = originForm(req.url ?? '/');
  if (!path?.startsWith('/') || !URL.canParse(`http://${host}${path}`)) return undefined;
  return { path, url: new URL(`http://${host}${path}`), host };
}

/** Clients of a forward proxy send the absolute form; a server has to take it, too (RFC 9112, 3.2.2). */
function originForm(target: string): string | undefined {
  if (target.startsWith('/')) return target;
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return undefined;
  const { pathname, search } = new URL(target);
  return pathname + search;
}

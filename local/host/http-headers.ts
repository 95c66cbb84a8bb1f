import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** They describe one connection, not the message (RFC 9110, 7.6.1). `expect` is answered by this host. */
const hopByHop = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What the app's HTTP leg gets: the client's headers, and the three that the library demands. */
export function forwardedHeaders(
  req: IncomingMessage,
  host: string,
  invocationId: string,
): OutgoingHttpHeaders {
  return {
    ...endToEnd(req.headersDistinct),
    ...(req.headers['transfer-encoding'] ? { 'transfer-encoding': 'chunked' } : {}),
    host,
    'x-ms-invocation-id': invocationId,
    'x-forwarded-host': host,
    'x-forwarded-proto': 'http',
  };
}

export function returnedHeaders(answer: IncomingMessage): OutgoingHttpHeaders {
  return endToEnd(answer.headersDistinct);
}

/** What the invocation leg gets; the library builds `request.headers` from these. */
export function triggerHeaders(req: IncomingMessage): Record<string, string> {
  const headers = Object.entries(req.headersDistinct).map(([name, values]) => [
    name,
    (values ?? []).join(name === 'cookie' ? '; ' : ', '),
  ]);
  return { ...Object.fromEntries(headers), 'x-forwarded-for': forwardedFor(req) };
}

/** As the platform's front end does it: the address of whoever is at the other end comes last. */
const forwardedFor = (req: IncomingMessage): string =>
  [...(req.headersDistinct['x-forwarded-for'] ?? []), req.socket.remoteAddress ?? ''].join(', ');

function endToEnd(headers: NodeJS.Dict<string[]>): OutgoingHttpHeaders {
  const named = (headers.connection ?? []).flatMap((value) => value.toLowerCase().split(/\s*,\s*/));
  const kept: OutgoingHttpHeaders = {};
  for (const [name, values] of Object.entries(headers)) {
    // Node refuses a list where only one value may stand, such as `host`.
    if (!hopByHop.has(name) && !named.includes(name)) kept[name] = values?.length === 1 ? values[0] : values;
  }
  return kept;
}

/** Whether a request announces a body at all. */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

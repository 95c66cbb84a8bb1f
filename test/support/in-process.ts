import { HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';

import type { Endpoint } from '../../shared/http/endpoint.ts';

let invocations = 0;

/** An endpoint as a `fetch` that needs no host and no network. */
export function fetchOf(endpoint: Endpoint): typeof fetch {
  return async (input, init) => {
    const native = new Request(input, init);
    const declared = new Headers(init?.headers).get('content-length');
    const request = new HttpRequest({
      method: native.method,
      url: native.url,
      headers: { ...Object.fromEntries(native.headers), ...(declared ? { 'content-length': declared } : {}) },
      body: { bytes: new Uint8Array(await native.arrayBuffer()) },
    });
    const context = { invocationId: `invocation-${++invocations}` } as InvocationContext;
    return toResponse(await endpoint(request, context));
  };
}

function toResponse({ status, headers, body }: HttpResponseInit): Response {
  const stream = body !== null && typeof body === 'object' && Symbol.asyncIterator in body;
  const content = stream
    ? ReadableStream.from(body as AsyncIterable<Uint8Array>)
    : (body as string | undefined);
  return new Response(content ?? null, {
    status: status ?? 200,
    headers: headers as Record<string, string>,
  });
}

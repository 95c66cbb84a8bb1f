import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { app } from '@azure/functions';

app.setup({ enableHttpStream: true });

const responses = new Map<string, ServerResponse>();
channel('http.server.request.start').subscribe((message) => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
  const id = request.headers['x-ms-invocation-id'];
  if (typeof id === 'string') responses.set(id, response);
});

app.http('item', {
  methods: ['GET', 'PUT'],
  route: 'items/{id}/{part?}',
  handler: (request) => ({
    jsonBody: {
      params: request.params,
      query: [...request.query],
      method: request.method,
      path: new URL(request.url).pathname,
      header: request.headers.get('x-test'),
    },
  }),
});
app.http('special', { methods: ['GET'], route: 'items/special', handler: () => ({ body: 'special' }) });
app.http('rest', {
  methods: ['GET', 'POST', 'DELETE'],
  route: '{*rest}',
  handler: (request) => ({ status: 404, jsonBody: { rest: request.params.rest ?? null } }),
});

app.http('echo', {
  methods: ['POST', 'DELETE'],
  route: 'echo',
  handler: (request) => ({
    body: request.body,
    headers: { 'content-type': request.headers.get('content-type') ?? 'none', 'x-note': 'kept' },
    cookies: [
      { name: 'a', value: '1' },
      { name: 'b', value: '2' },
    ],
  }),
});

app.http('count', {
  methods: ['POST'],
  route: 'count',
  handler: async (request) => {
    let bytes = 0;
    for await (const chunk of request.body ?? []) bytes += (chunk as Uint8Array).length;
    return { jsonBody: { bytes } };
  },
});

app.http('formFile', {
  methods: ['POST'],
  route: 'form',
  handler: async (request) => {
    const file = (await request.formData()).get('file');
    return { body: file instanceof Blob ? await file.text() : 'none' };
  },
});

/** One event for every line that arrives on the request's body: the test is the clock. */
app.http('events', {
  methods: ['POST'],
  route: 'events',
  handler: (request) => ({
    headers: { 'content-type': 'text/event-stream' },
    body: events(request.body),
  }),
});
async function* events(body: AsyncIterable<Uint8Array> | null): AsyncGenerator<Buffer> {
  yield Buffer.from('data: begin\n\n');
  for await (const chunk of body ?? []) yield Buffer.from(`data: ${Buffer.from(chunk).toString()}\n\n`);
  yield Buffer.from('data: end\n\n');
}

/** Streams for ever, obeying backpressure, until the client leaves. */
const endless = { open: 0, written: 0 };
app.http('endless', {
  methods: ['GET'],
  route: 'endless',
  handler: (_request, context) => {
    const response = responses.get(context.invocationId);
    if (!response) throw new Error('no response is known for this invocation');
    return { body: flood(response) };
  },
});
async function* flood(response: ServerResponse): AsyncGenerator<Buffer> {
  endless.open += 1;
  const gone = new Promise<void>((resolve) => response.once('close', () => resolve()));
  while (!response.destroyed) {
    endless.written += 65_536;
    yield Buffer.alloc(65_536);
    if (response.writableNeedDrain) {
      await Promise.race([gone, new Promise<void>((resolve) => response.once('drain', () => resolve()))]);
    } else {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  endless.open -= 1;
}
app.http('endlessState', {
  methods: ['GET'],
  route: 'endless/state',
  handler: () => ({ jsonBody: endless }),
});

app.http('throws', {
  methods: ['GET'],
  route: 'throws',
  handler: () => Promise.reject(new Error('on purpose')),
});
app.http('breaks', { methods: ['GET'], route: 'breaks', handler: () => ({ body: broken() }) });
async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.from('half');
  throw new Error('half way');
}
app.http('empty', { methods: ['GET'], route: 'empty', handler: () => ({ status: 204 }) });

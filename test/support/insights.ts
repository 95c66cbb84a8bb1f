import { readFile } from 'node:fs/promises';
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';

/** What the exporter for Application Insights sent: one line of the wire format, a span or a metric. */
export interface Envelope {
  readonly name: string;
  readonly data: { readonly baseType: string; readonly baseData: Record<string, unknown> };
}

/** Takes telemetry in as Application Insights does and keeps it. */
export interface Insights extends AsyncDisposable {
  /** Settings of an app that sends here. */
  readonly environment: Readonly<Record<string, string>>;
  readonly envelopes: readonly Envelope[];
  /** Everything that was sent, as it came. */
  readonly bodies: readonly string[];
  /** Hosts that were asked for beside. */
  readonly others: ReadonlySet<string>;
}

/**
 * The exporter refuses to send in the clear. A key for this machine's own address, known to everybody:
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=127.0.0.1
 * -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out certificate.pem`.
 */
const tls = join(import.meta.dirname, 'loopback-tls');

export async function startInsights(): Promise<Insights> {
  const envelopes: Envelope[] = [];
  const bodies: string[] = [];
  const others = new Set<string>();
  const [key, cert] = await Promise.all(
    ['key.pem', 'certificate.pem'].map((name) => readFile(join(tls, name))),
  );
  const server = createServer({ key, cert }, async (request, response) => {
    const zipped = request.headers['content-encoding'] === 'gzip';
    const body = await text(zipped ? request.pipe(createGunzip()) : request);
    const sent = JSON.parse(body) as Envelope[];
    bodies.push(body);
    envelopes.push(...sent);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ itemsReceived: sent.length, itemsAccepted: sent.length, errors: [] }));
  });
  // The exporter asks Microsoft for settings, too. Here nothing leaves the machine: its proxy refuses.
  const proxy = createProxy();
  proxy.on('connect', (request, socket) => {
    others.add(String(request.url));
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  const [port, proxyPort] = await Promise.all([server, proxy].map(listen));
  return {
    environment: {
      APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://127.0.0.1:${port}/`,
      APPLICATION_INSIGHTS_NO_STATSBEAT: 'true',
      NODE_EXTRA_CA_CERTS: join(tls, 'certificate.pem'),
      HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
      NO_PROXY: '127.0.0.1',
    },
    envelopes,
    bodies,
    others,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await Promise.all([server, proxy].map((each) => new Promise((resolve) => each.close(resolve))));
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

import type { Telemetry } from './telemetry.ts';

/**
 * Counts what storage refuses while the SDKs try again by themselves: the first sign of a wall. The three
 * clients share nothing but Node's HTTP client, so that is where it is seen.
 */
export function watchStorageFaults(
  hosts: ReadonlyMap<string, string>,
  telemetry: Pick<Telemetry, 'storageFault'>,
): void {
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const service = hosts.get(String(request.getHeader('host') ?? request.host));
    const status = response.statusCode ?? 0;
    if (service && (status === 429 || status >= 500)) telemetry.storageFault(service, status);
  });
}

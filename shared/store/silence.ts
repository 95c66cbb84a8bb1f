import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

import { SECOND } from '../clock.ts';

/** On a connection that lives, something moves more often: a transfer is a block of 1 MiB. */
const SILENCE_MS = 15 * SECOND;

const limits = new Map<string, number>();

/**
 * Breaks off requests to these hosts (as in `Host`) when nothing has moved on their connection for `silenceMs`, in
 * neither direction: the SDKs of storage would wait for ever. They try again, as after any broken connection.
 * Like them, this goes by Node's HTTP client, which tells of each request.
 */
export function endSilence(hosts: Iterable<string>, silenceMs = SILENCE_MS): void {
  if (limits.size === 0) subscribe('http.client.request.created', onRequest);
  for (const host of hosts) limits.set(host, silenceMs);
}

function onRequest(message: unknown): void {
  const { request } = message as { request: ClientRequest };
  const silenceMs = limits.get(String(request.getHeader('host')));
  if (silenceMs === undefined) return;
  let answer: IncomingMessage | undefined;
  request.once('response', (response: IncomingMessage) => {
    answer = response;
  });
  request.setTimeout(silenceMs);
  request.on('timeout', () => {
    if (answer && !answer.readableFlowing) {
      // Not the server is silent: its answer waits for a reader that takes its time.
      answer.once('resume', () => request.setTimeout(silenceMs));
    } else {
      request.destroy(Object.assign(new Error('The connection has fallen silent.'), { code: 'ETIMEDOUT' }));
    }
  });
}

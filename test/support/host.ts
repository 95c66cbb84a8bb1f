import assert from 'node:assert/strict';

import { type HostProcess, type HostProcessOptions, startHostProcess } from '../../local/host-process.ts';

/** The line that the light host logs where Azure would leave the caller hanging. */
const THREW = /HANDLER THREW.*/g;

/** A host process for a test: never outlives the test's process, and its logs are shown when it cannot start. */
export async function startHost(options: HostProcessOptions): Promise<HostProcess> {
  const storageDelays = { AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.100' };
  return startHostProcess({ ...options, environment: { ...storageDelays, ...options.environment } });
}

/** On Azure such a request hangs for minutes, so no test may pass with one. */
export function assertNoHandlerThrew(host: HostProcess): void {
  assert.deepEqual(host.logs().match(THREW) ?? [], [], 'a handler threw');
}

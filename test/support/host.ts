import assert from 'node:assert/strict';
import { resolve } from 'node:path';

import { type HostProcess, type HostProcessOptions, startHostProcess } from '../../local/host-process.ts';

/** The line that the light host logs where Azure would leave the caller hanging. */
const THREW = /HANDLER THREW.*/g;

/** `npm run build` and `TEST_PACKAGE=dist npm test`: the tests run the deployment package instead of the sources. */
const builtPackage = process.env.TEST_PACKAGE
  ? { root: resolve(process.env.TEST_PACKAGE), functions: 'functions/*.js' }
  : {};

/** A host process for a test: never outlives the test's process, and its logs are shown when it cannot start. */
export async function startHost(options: HostProcessOptions): Promise<HostProcess> {
  const storageDelays = { AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.100' };
  return startHostProcess({
    ...builtPackage,
    ...options,
    environment: { ...storageDelays, ...options.environment },
  });
}

/** On Azure such a request hangs for minutes, so no test may pass with one. */
export function assertNoHandlerThrew(host: HostProcess): void {
  assert.deepEqual(host.logs().match(THREW) ?? [], [], 'a handler threw');
}

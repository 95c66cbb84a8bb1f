import { randomBytes } from 'node:crypto';

import { type Azurite, startAzurite } from '../../local/azurite.ts';

const prefix = `t${randomBytes(6).toString('hex')}`;
let own: Promise<Azurite> | undefined;

export interface TestStorage {
  readonly connectionString: string;
  /** Fresh in every process: use it as STORAGE_PREFIX, or before names of tables, queues, containers. */
  readonly prefix: string;
}

/**
 * Real storage for a test file: the Azurite that `npm test` started (TEST_STORAGE), or, when a file runs
 * alone, one of its own that ends with the process.
 */
export async function testStorage(): Promise<TestStorage> {
  const shared = process.env.TEST_STORAGE;
  if (shared) return { connectionString: shared, prefix };
  own ??= startAzurite();
  const azurite = await own;
  azurite.unref();
  return { connectionString: azurite.connectionString, prefix };
}

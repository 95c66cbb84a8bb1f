import { randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { claim } from './setup/claim.mjs';

/** A folder that only one emulation may use at a time: Azurite keeps its data in memory and overwrites files. */
export interface DataDir {
  readonly path: string;
  /** The key that is made at the first start and kept since. */
  apiKey(): Promise<string>;
  release(): Promise<void>;
}

/**
 * Claims the folder, which is made when missing. The claim ends with this process, however that ends.
 * @throws when another process uses it.
 */
export async function claimDataDir(path: string): Promise<DataDir> {
  await mkdir(path, { recursive: true });
  const real = await realpath(path);
  const release = await claim(real);
  if (!release) throw new Error(`Another Hourglass uses ${real}: set DATA_DIR to another folder`);
  return {
    path: real,
    apiKey: () => keptKey(join(real, 'api-key')),
    release,
  };
}

async function keptKey(file: string): Promise<string> {
  const key = `hg-${randomBytes(24).toString('base64url')}`;
  try {
    await writeFile(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readFile(file, 'utf8')).trim();
  }
}

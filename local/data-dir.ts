import { randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { claim } from './setup/claim.mjs';

/** A folder that only one emulation may use at a time: Azurite keeps its data in memory and overwrites files. */
export interface DataDir {
  readonly path: string;
  /** The key that is made at the first start and kept since. */
  apiKey(): Promise<string>;
  /** Tells others on this machine where it runs: `npm run demo` uses it instead of one of its own. */
  announce(running: Running): Promise<void>;
  release(): Promise<void>;
}

export interface Running {
  readonly url: string;
  readonly apiKey: string;
}

const ANNOUNCEMENT = 'running.json';

/** The Hourglass that uses this folder now, if one does: a file alone may be a killed one's. */
export async function runningIn(path: string): Promise<Running | undefined> {
  try {
    const running = JSON.parse(await readFile(join(path, ANNOUNCEMENT), 'utf8')) as Running;
    const health = await fetch(new URL('/healthz', running.url), { signal: AbortSignal.timeout(ANSWER_MS) });
    const models = await fetch(new URL('/v1/models', running.url), {
      headers: { authorization: `Bearer ${running.apiKey}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return health.ok && models.ok ? running : undefined;
  } catch {
    return undefined; // No file, or nobody answers there.
  }
}

const ANSWER_MS = 5_000;

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
    announce: (running) => writeFile(join(real, ANNOUNCEMENT), JSON.stringify(running), { mode: 0o600 }),
    release: async () => {
      await rm(join(real, ANNOUNCEMENT), { force: true });
      await release();
    },
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

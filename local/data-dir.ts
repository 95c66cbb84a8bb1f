import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

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
 * @throws when it cannot be made, or another process uses it; in both cases naming DATA_DIR.
 */
export async function claimDataDir(path: string): Promise<DataDir> {
  await makeFolder(path);
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

/** Folder by folder: Node's own way to make them all never ends where the system says that there is no parent (/proc). */
async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  try {
    for (let folder = path; !(await isFolder(folder)); folder = dirname(folder)) missing.push(folder);
    for (const folder of missing.toReversed()) await mkdir(folder).catch(unlessThere);
    await access(path, constants.W_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`DATA_DIR: the folder ${path} cannot be used (${reason}). Set DATA_DIR to another one`);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
    throw new Error(`${path} is a file`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}

/** Made by another process in the meantime. */
function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
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

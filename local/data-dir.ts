import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that only one emulation may use at a time: Azurite keeps its data in memory and overwrites files. */
export interface DataDir {
  readonly path: string;
  /** The key that is made at the first start and kept since. */
  apiKey(): Promise<string>;
  release(): Promise<void>;
}

/**
 * Claims the folder, which is made when missing. The claim is a listening socket, so that it ends with this
 * process however that ends.
 * @throws when another process uses it.
 */
export async function claimDataDir(path: string): Promise<DataDir> {
  await mkdir(path, { recursive: true });
  const real = await realpath(path);
  // Not inside the folder: a socket's path may have 107 characters at most.
  const name = createHash('sha256').update(real).digest('hex').slice(0, 16);
  const socket = join(tmpdir(), `hourglass-${name}.sock`);
  const claim = await listen(socket).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    if (await answers(socket))
      throw new Error(`Another Hourglass uses ${real}: set DATA_DIR to another folder`);
    await rm(socket, { force: true });
    return listen(socket);
  });
  return {
    path: real,
    apiKey: () => keptKey(join(real, 'api-key')),
    release: () => new Promise((done) => claim.close(() => done())),
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

function listen(socket: string): Promise<Server> {
  const server = createServer((connection) => connection.destroy());
  server.unref();
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(socket, () => done(server));
  });
}

function answers(socket: string): Promise<boolean> {
  return new Promise((done) => {
    const connection = connect(socket, () => {
      connection.destroy();
      done(true);
    });
    connection.once('error', () => done(false));
  });
}

import { glob } from 'node:fs/promises';
import { type createServer, Server as HttpServer } from 'node:http';
import { Server } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { ProgrammingModel } from './core-api.ts';

/**
 * Imports every file that the pattern names (package.json's `main`), one after the other, as the real worker.
 * @throws when none matches, or what a file throws: in Azure, too, one broken file stops the whole app.
 */
export async function loadApp(root: string, pattern: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const file of glob(pattern, { cwd: root })) files.push(file);
  files.sort();
  if (files.length === 0) throw new Error(`No file in ${root} matches "${pattern}"`);
  for (const file of files) await import(pathToFileURL(resolve(root, file)).href);
  return files;
}

/**
 * Ends the app's set-up phase and starts the library's HTTP proxy server, on loopback only: by itself it would
 * listen on all interfaces.
 * @returns where to send HTTP requests.
 * @throws when the app did not call `app.setup({ enableHttpStream: true })`.
 */
export async function startLibraryProxy(model: ProgrammingModel): Promise<URL> {
  const listen = Server.prototype.listen;
  const wrapped = function (this: Server, ...args: unknown[]): Server {
    const callback = args.find((arg): arg is () => void => typeof arg === 'function');
    const port = typeof args[0] === 'number' ? args[0] : 0;
    // Connections from the host are kept for reuse: the server must not close one just as it is reused.
    if (this instanceof HttpServer) this.keepAliveTimeout = 0;
    return listen.call(this, { port, host: '127.0.0.1' }, callback);
  };
  Server.prototype.listen = wrapped as typeof listen;
  try {
    const { HttpUri } = await model.getCapabilities({});
    if (!HttpUri) {
      throw new Error('The local host needs HTTP streaming: call app.setup({ enableHttpStream: true })');
    }
    // The library says "localhost", which may resolve to ::1 first.
    return new URL(HttpUri.replace('//localhost', '//127.0.0.1'));
  } finally {
    Server.prototype.listen = listen;
  }
}

/** Resolves to the port that was bound. @throws `EADDRINUSE` and the like. */
export async function listenOnLoopback(
  server: ReturnType<typeof createServer>,
  port: number,
): Promise<number> {
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen({ port, host: '127.0.0.1' }, () => {
      server.off('error', failed);
      done();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no TCP address');
  return address.port;
}

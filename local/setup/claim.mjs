import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Claims something for this process alone: by a listening socket, so that the claim ends with the process however
 * that ends. A number in a file could be another process's by then.
 * @param what for example a folder's real path
 * @returns how to give it back, or undefined while another process has it
 */
export async function claim(what) {
  // Not in a folder of the project: a socket's path may have 107 characters at most.
  const name = createHash('sha256').update(what).digest('hex').slice(0, 16);
  const socket = join(tmpdir(), `hourglass-${name}.sock`);
  const claimed = (await listen(socket)) ?? ((await answers(socket)) ? undefined : await takeOver(socket));
  return claimed && (() => new Promise((done) => claimed.close(() => done())));
}

/** From a process that was killed. */
function takeOver(socket) {
  rmSync(socket, { force: true });
  return listen(socket);
}

/** undefined when there is such a socket. */
function listen(socket) {
  const server = createServer((connection) => connection.destroy());
  server.unref();
  return new Promise((done, failed) => {
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? done(undefined) : failed(error)));
    server.listen(socket, () => done(server));
  });
}

function answers(socket) {
  return new Promise((done) => {
    const connection = connect(socket, () => {
      connection.destroy();
      done(true);
    });
    // EAGAIN: it lives, and has been too busy to take the calls that wait.
    connection.once('error', ({ code }) => done(code === 'EAGAIN'));
  });
}

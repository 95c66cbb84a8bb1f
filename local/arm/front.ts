import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * A session's address: 127.x.y.z:8080 on this machine, passed on byte for byte to the agent's Unix socket. On
 * Linux all of 127.0.0.0/8 is loopback, so every session has an address of its own, as in Azure.
 */
export interface Front {
  readonly ip: string;
  /** Ends all connections and gives the address back. */
  close(): Promise<void>;
}

const PORT = 8080;
const TRIES = 50;

export async function openFront(socketPath: string): Promise<Front> {
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (outside) => {
    const inside = connect({ path: socketPath, allowHalfOpen: true });
    for (const [socket, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      connections.add(socket);
      socket.pipe(other);
      // Either end's error or end is the other's: the client sees what the agent did.
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        connections.delete(socket);
        other.destroy();
      });
    }
  });
  for (let tried = 0; ; tried++) {
    const ip = `127.${randomInt(64, 127)}.${randomInt(256)}.${randomInt(1, 255)}`;
    try {
      server.listen({ host: ip, port: PORT, exclusive: true });
      await once(server, 'listening');
      return { ip, close: () => close() };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tried >= TRIES) throw error;
    }
  }

  async function close() {
    const closed = once(server, 'close');
    server.close();
    for (const connection of connections) connection.destroy();
    await closed;
  }
}

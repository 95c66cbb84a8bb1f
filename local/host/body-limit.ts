import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';

/** Azure's default for FUNCTIONS_REQUEST_BODY_SIZE_LIMIT. */
export const DEFAULT_BODY_BYTES = 104_857_600;

/** @throws when the setting is no whole number of bytes. */
export function readBodyLimit(environment: Record<string, string | undefined>): number {
  const text = environment.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT;
  if (text === undefined || text === '') return DEFAULT_BODY_BYTES;
  if (!/^\d+$/.test(text))
    throw new Error(`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: "${text}" is no number of bytes`);
  return Number(text);
}

export function declaredTooLarge(req: IncomingMessage, maxBytes: number): boolean {
  return Number(req.headers['content-length'] ?? 0) > maxBytes;
}

/** For a body without a declared length: passes it on, and stops once it has grown too large. */
export function countBytes(maxBytes: number, onTooLarge: () => void): Transform {
  let seen = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      seen += chunk.length;
      if (seen <= maxBytes) return done(null, chunk);
      onTooLarge();
      done();
    },
  });
}

/**
 * Reads on what nobody wants, for 5 s: closing a connection with unread data would lose the answer that was
 * just sent.
 */
export function discardBody(req: IncomingMessage): void {
  if (req.complete || req.destroyed) return;
  req.unpipe();
  req.resume();
  const timer = setTimeout(() => req.destroy(), 5_000);
  req.once('close', () => clearTimeout(timer));
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const TENANT = '11111111-1111-4111-8111-111111111111';

/** A small Entra ID on loopback: it publishes the keys of tenants, and signs what it is told to. */
export interface IdentityProvider extends AsyncDisposable {
  readonly authority: string;
  /** How often somebody has asked for keys. */
  asked(): number;
  /** From now on tokens are signed with a new key; the old one stays published until `withdraw`. */
  rotate(): Promise<void>;
  /** Publishes the newest key alone. */
  withdraw(): void;
  /** Whether it answers at all. */
  answering: boolean;
  /** A token as a daemon gets one (version 2), with claims changed; `undefined` leaves one out. */
  token(claims?: Record<string, unknown>, options?: { key?: CryptoKey; algorithm?: string }): Promise<string>;
}

interface Signer {
  readonly kid: string;
  readonly key: CryptoKey;
  readonly published: object;
}

async function newSigner(kid: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  return { kid, key: privateKey, published: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  let signers = [await newSigner('first')];
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    if (!provider.answering) return void response.writeHead(503).end();
    const known = request.url === `/${TENANT}/discovery/v2.0/keys`;
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: signers.map(({ published }) => published) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const authority = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: IdentityProvider = {
    authority,
    answering: true,
    asked: () => asked,
    async rotate() {
      signers = [...signers, await newSigner(`key ${signers.length + 1}`)];
    },
    withdraw() {
      signers = signers.slice(-1);
    },
    async token(claims = {}, { key, algorithm = 'RS256' } = {}) {
      const { kid, key: own } = signers.at(-1)!;
      const seconds = Math.floor(Date.now() / 1000);
      const payload: Record<string, unknown> = {
        aud: 'https://ai.azure.com',
        iss: `${authority}/${TENANT}/v2.0`,
        tid: TENANT,
        oid: '22222222-2222-4222-8222-222222222222',
        azp: '33333333-3333-4333-8333-333333333333',
        iat: seconds,
        nbf: seconds,
        exp: seconds + 3600,
        ver: '2.0',
        ...claims,
      };
      const present = Object.entries(payload).filter(([, value]) => value !== undefined);
      return new SignJWT(Object.fromEntries(present) as JWTPayload)
        .setProtectedHeader({ alg: algorithm, kid, typ: 'JWT' })
        .sign(key ?? own);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}

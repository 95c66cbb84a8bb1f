import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

import type { HttpRequest, HttpResponseInit } from '@azure/functions';

/** A folder of files that are given to browsers. Each may have twins NAME.br and NAME.gz, made beforehand. */
export interface StaticFiles {
  /** @returns undefined for a name that is not in the folder */
  answer(name: string, request: HttpRequest): Promise<HttpResponseInit | undefined>;
}

interface StaticFile {
  readonly type: string;
  readonly etag: string;
  /** By content coding, the best first; '' is the file as it is. */
  readonly bodies: ReadonlyMap<string, Buffer>;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  ico: 'image/x-icon',
};
/** Names that change with their content: `main-AB12CD34.js`. */
const HASHED = /-[A-Z0-9]{8}\.\w+$/;
const CODINGS = { br: '.br', gzip: '.gz' } as const;

/**
 * Reads a folder at its first use and keeps it in memory: it is small, and only the names in it exist, so that no
 * path leads out of it.
 * @param headers of every answer
 */
export function staticFiles(folder: URL, headers: Readonly<Record<string, string>>): StaticFiles {
  let reading: Promise<ReadonlyMap<string, StaticFile>> | undefined;
  return {
    async answer(name, request) {
      // A folder that is not there yet (nothing is built) is looked for again.
      reading ??= readFolder(folder).catch((error: unknown) => {
        reading = undefined;
        throw error;
      });
      const file = (await reading).get(name);
      return file && present(name, file, request, headers);
    },
  };
}

function present(
  name: string,
  file: StaticFile,
  request: HttpRequest,
  own: Readonly<Record<string, string>>,
): HttpResponseInit {
  const accepted = request.headers.get('accept-encoding') ?? '';
  const coding = [...file.bodies.keys()].find((one) => one === '' || accepts(accepted, one)) ?? '';
  const headers = {
    ...own,
    'content-type': file.type,
    etag: file.etag,
    vary: 'accept-encoding',
    'cache-control': HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  if (request.headers.get('if-none-match')?.includes(file.etag)) return { status: 304, headers };
  const body = file.bodies.get(coding) ?? Buffer.alloc(0);
  return {
    status: 200,
    headers: {
      ...headers,
      'content-length': String(body.length),
      ...(coding === '' ? {} : { 'content-encoding': coding }),
    },
    body: request.method === 'HEAD' ? null : body,
  };
}

const accepts = (header: string, coding: string): boolean =>
  header
    .toLowerCase()
    .split(',')
    .some((part) => {
      const [name, quality] = part.split(';').map((word) => word.trim());
      return name === coding && !/^q=0(\.0*)?$/.test(quality ?? '');
    });

async function readFolder(folder: URL): Promise<ReadonlyMap<string, StaticFile>> {
  const names = await readdir(folder);
  const read = (name: string) => readFile(new URL(name, folder));
  const files = names.filter((name) => !/\.(br|gz)$/.test(name));
  const entries = files.map(async (name) => {
    const twins = Object.entries(CODINGS).filter(([, suffix]) => names.includes(name + suffix));
    const bodies = new Map<string, Buffer>();
    for (const [coding, suffix] of twins) bodies.set(coding, await read(name + suffix));
    const plain = await read(name);
    bodies.set('', plain);
    const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
    const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    return [name, { type, etag, bodies }] as const;
  });
  return new Map(await Promise.all(entries));
}

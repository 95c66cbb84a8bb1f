import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

import { build } from 'esbuild';

/** The playground as browsers get it: index.html, and a script, a style sheet and an icon whose names change with them. */
const root = fileURLToPath(new URL('..', import.meta.url));
const source = resolve(root, 'playground');

/** Where the app finds it when it runs from its sources. */
export const builtPlayground = resolve(source, 'built');

export interface PlaygroundReport {
  readonly files: number;
  readonly bytes: number;
  /** What a browser loads in all, by brotli. */
  readonly brotliBytes: number;
  readonly gzipBytes: number;
}

/**
 * Builds into a folder, which is replaced as a whole: an app that runs beside finds the old files or the new ones.
 * @param smallest whether to take the time (a second) that the best compression takes
 */
export async function buildPlayground(folder: string, { smallest = true } = {}): Promise<PlaygroundReport> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { main: join(source, 'main.tsx'), icon: join(source, 'icon.svg') },
    outdir: folder,
    entryNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
    bundle: true,
    format: 'esm',
    // The client asks where it runs; nothing of Node is there.
    platform: 'browser',
    target: ['es2022', 'chrome120', 'firefox121', 'safari17.4'],
    minify: true,
    legalComments: 'eof',
    write: false,
    logLevel: 'warning',
    tsconfig: join(source, 'tsconfig.json'),
  });
  const files = new Map<string, Buffer>(
    outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]),
  );
  files.set('index.html', await page([...files.keys()]));
  files.set('favicon.ico', await readFile(join(source, 'favicon.ico')));
  return write(folder, files, smallest);
}

/** index.html with the names that were made. */
async function page(names: readonly string[]): Promise<Buffer<ArrayBuffer>> {
  const html = await readFile(join(source, 'index.html'), 'utf8');
  return Buffer.from(
    html.replaceAll(/\/playground\/(main|icon)\.(\w+)/g, (_, name, extension) => {
      const made = names.find((one) => one.startsWith(`${name}-`) && one.endsWith(`.${extension}`));
      if (!made) throw new Error(`index.html asks for ${name}.${extension}, which the build did not make`);
      return `/playground/${made}`;
    }),
  );
}

async function write(
  folder: string,
  files: ReadonlyMap<string, Buffer>,
  smallest: boolean,
): Promise<PlaygroundReport> {
  const fresh = `${folder}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  const sizes = { bytes: 0, brotliBytes: 0, gzipBytes: 0 };
  const quality = smallest ? constants.BROTLI_MAX_QUALITY : 4;
  for (const [name, content] of files) {
    const br = await brotli(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
    const gz = await gzipped(content, { level: smallest ? 9 : 1 });
    for (const [suffix, bytes] of [
      ['', content],
      ['.br', br],
      ['.gz', gz],
    ] as const) {
      await writeFile(join(fresh, name + suffix), bytes);
    }
    if (name === 'favicon.ico') continue; // Browsers take the icon that the page names.
    sizes.bytes += content.length;
    sizes.brotliBytes += br.length;
    sizes.gzipBytes += gz.length;
  }
  await replace(folder, fresh);
  return { files: files.size, ...sizes };
}

/** Others may build the same at the same time, and an app may be reading: what is there and the same stays. */
async function replace(folder: string, fresh: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (await same(folder, fresh)) return await rm(fresh, { recursive: true });
      await rm(folder, { recursive: true, force: true });
      return await rename(fresh, folder);
    } catch (error) {
      if (attempt >= 5) throw error;
    }
  }
}

/** The page names all the others, by their content. */
async function same(folder: string, fresh: string): Promise<boolean> {
  const [old, now] = await Promise.all(
    [folder, fresh].map((place) => readFile(join(place, 'index.html'), 'utf8').catch(() => undefined)),
  );
  return old !== undefined && old === now;
}

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

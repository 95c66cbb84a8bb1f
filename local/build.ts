import { spawnSync } from 'node:child_process';
import { copyFile, glob, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build, type Metafile } from 'esbuild';

import { buildPlayground, type PlaygroundReport } from './build-playground.ts';
import { billOfMaterials } from './sbom.ts';

/**
 * `npm run build [folder]`: the deployment package in dist, complete without node_modules. Each file of functions/
 * is an entry, what they share is split off, and what only some runs need (Resource Manager, identity, the model's
 * client, token tables, telemetry) stays in chunks that are loaded when it is asked for.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
/** Threads are files of their own. */
const THREADS = ['shared/search/extract/extract-thread.ts'];
const LAZY = [
  '@azure/arm-containerinstance',
  '@azure/identity',
  '@azure/monitor-opentelemetry-exporter',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-trace-base',
  'fflate',
  'gpt-tokenizer',
  'htmlparser2',
  'openai',
  'unpdf',
  'word-extractor',
];
/** The bill of materials of the functions. */
const SBOM = 'sbom.cdx.json';
const IMPORT_RUNS = 5;

/** Builds into a folder that is emptied first. @throws when a lazy package would be loaded at the start. */
export async function buildPackage(dist: string): Promise<PackageReport> {
  const entries: string[] = [];
  for await (const file of glob('functions/*.ts', { cwd: root })) entries.push(file);
  await rm(dist, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...entries.sort(), ...THREADS],
    outbase: '.',
    outdir: dist,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    // A lazily imported CommonJS package would come without its named exports: take ES modules where there are some.
    mainFields: ['module', 'main'],
    // The Functions worker provides it: it exists in no package.
    external: ['@azure/functions-core'],
    // Packages in CommonJS call require(), which an ES module has not.
    banner: {
      js: "import{createRequire as hourglassRequire}from'node:module';const require=hourglassRequire(import.meta.url);",
    },
    minifyWhitespace: true,
    minifySyntax: true,
    keepNames: true,
    legalComments: 'linked',
    metafile: true,
    logLevel: 'warning',
  });
  await writePackageFiles(dist);
  const bill = await billOfMaterials(root, Object.keys(metafile.inputs));
  await writeFile(resolve(dist, SBOM), `${JSON.stringify(bill, null, 2)}\n`);
  // Where functions/playground.ts looks for it: beside the folder of the functions, as in the sources.
  const playground = await buildPlayground(resolve(dist, 'playground/built'));
  return { entries: entries.length, playground, ...measure(metafile) };
}

export interface PackageReport {
  readonly entries: number;
  readonly files: number;
  readonly totalBytes: number;
  /** What is read when all functions are imported; the rest waits for its first use. */
  readonly startBytes: number;
  readonly playground: PlaygroundReport;
}

async function writePackageFiles(dist: string): Promise<void> {
  const { name, version, license } = JSON.parse(await readFile(resolve(root, 'package.json'), 'utf8'));
  const description = { name, version, license, private: true, type: 'module', main: 'functions/*.js' };
  await writeFile(resolve(dist, 'package.json'), `${JSON.stringify(description, null, 2)}\n`);
  await copyFile(resolve(root, 'host.json'), resolve(dist, 'host.json'));
}

function measure({ outputs }: Metafile): Omit<PackageReport, 'entries' | 'playground'> {
  const code = Object.keys(outputs).filter((file) => file.endsWith('.js'));
  const atStart = new Set<string>();
  const visit = (file: string): void => {
    if (atStart.has(file)) return;
    atStart.add(file);
    for (const { kind, path, external } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && !external) visit(path);
    }
  };
  for (const file of code) if (outputs[file]?.entryPoint?.startsWith('functions/')) visit(file);
  const early = [...atStart]
    .flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}))
    .filter((input) => LAZY.some((lazy) => input.includes(`node_modules/${lazy}/`)));
  if (early.length > 0) throw new Error(`Loaded at the start, and must not be: ${early.join(', ')}`);
  const bytes = (files: Iterable<string>) => [...files].reduce((sum, file) => sum + outputs[file]!.bytes, 0);
  return { files: code.length, totalBytes: bytes(code), startBytes: bytes(atStart) };
}

/** Milliseconds that a fresh process needs to import every function of a package, one after the other as the worker does. */
export function importTime(dist: string): number {
  const script = `
    import { globSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    import { pathToFileURL } from 'node:url';
    // The worker's side of the library, as far as registering goes.
    globalThis.functionsCore = { setProgrammingModel() {}, registerFunction() {}, registerHook: () => ({ dispose() {} }), log() {} };
    registerHooks({
      resolve: (name, context, next) => name === '@azure/functions-core' ? { url: 'core:functions', shortCircuit: true } : next(name, context),
      load: (url, context, next) => url === 'core:functions' ? { format: 'commonjs', source: 'module.exports = globalThis.functionsCore', shortCircuit: true } : next(url, context),
    });
    const begin = performance.now();
    for (const file of globSync('functions/*.js').sort()) await import(pathToFileURL(file).href);
    console.log(performance.now() - begin);
    process.exit(0);`;
  const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: dist,
    encoding: 'utf8',
  });
  const time = Number(ran.stdout.trim().split('\n').at(-1));
  if (ran.status !== 0 || !(time > 0)) throw new Error(`The package does not load:\n${ran.stderr}`);
  return time;
}

const kilobytes = (bytes: number) => `${Math.round(bytes / 1000).toLocaleString('en')} kB`;

if (import.meta.main) {
  const dist = resolve(process.argv[2] ?? resolve(root, 'dist'));
  if (dirname(dist) === dist || !relative(dist, root).startsWith('..')) {
    throw new Error(`${dist} would be emptied, and it holds this project: name another folder`);
  }
  const report = await buildPackage(dist);
  const times = Array.from({ length: IMPORT_RUNS }, () => importTime(dist)).sort((a, b) => a - b);
  console.log(
    `${relative(process.cwd(), dist) || dist}: ${report.entries} functions' files, ${report.files} files in all`,
  );
  console.log(
    `  ${kilobytes(report.totalBytes)}, of which ${kilobytes(report.startBytes)} are read at the start`,
  );
  console.log(
    `  the playground: ${kilobytes(report.playground.brotliBytes)} by brotli, ${kilobytes(report.playground.gzipBytes)} by gzip`,
  );
  console.log(
    `  import of all functions: ${times[IMPORT_RUNS >> 1]?.toFixed(0)} ms (median of ${IMPORT_RUNS}; ${times[0]?.toFixed(0)}–${times.at(-1)?.toFixed(0)})`,
  );
}

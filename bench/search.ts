import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { zipSync } from 'fflate';
import { toFile } from 'openai';

import { buildPackage, importTime } from '../local/build.ts';
import type { Embedder } from '../shared/search/embed/embedder.ts';
import { lexicalEmbedder } from '../shared/search/embed/lexical.ts';
import { MODEL_WEIGHTS } from '../shared/search/embed/openai-embedder.ts';
import { meaningVector } from '../test/search/corpus/concepts.ts';
import { questions } from '../test/search/corpus/questions.ts';
import { indexCorpus, recallOf } from '../test/search/corpus/recall.ts';
import { type IndexScene, indexScene } from '../test/search/index-scene.ts';
import { testStorage } from '../test/support/azurite.ts';
import { startStack } from '../test/support/stack.ts';
import { milliseconds, percentile, type Report } from './report.ts';
import { fillStore } from './search/synthetic-index.ts';

const FILES = 60;
const SINGLE_FILES = 15;
const MEGABYTE = 1024 * 1024;

/**
 * File search: from a file to its first hit, searches in small and large stores (in fresh processes, without the call
 * for the query's vector), what a long file costs, the deployment package, and how much is found.
 */
export async function run(report: Report): Promise<void> {
  const scene = await indexScene();
  await quality(report, scene);
  await searches(report, scene);
  await longFiles(report, scene);
  await files(report);
  await deploymentPackage(report);
}

async function quality(report: Report, scene: IndexScene): Promise<void> {
  const understanding: Embedder = {
    identity: { provider: 'openai', model: 'stand-in', dimensions: 256 },
    weights: MODEL_WEIGHTS,
    embed: async (texts) => texts.map((text) => Float32Array.from(meaningVector(text))),
  };
  for (const [name, embedder] of [
    ['lexical embedder', lexicalEmbedder],
    ['scripted embedder', understanding],
  ] as const) {
    const store = scene.newStore();
    await indexCorpus(scene, store, embedder);
    const recall = await recallOf(scene.index, store, embedder);
    const shown = ({ vector, text, hybrid }: typeof recall | ReturnType<typeof recall.of>) =>
      [hybrid, vector, text].map((share) => share.toFixed(2).replace(/^0/, '')).join(' / ');
    report.row(`recall@5, ${name}: both / vectors / words`, shown(recall), 'both ≥ the better half');
    for (const kind of new Set(questions.map((question) => question.kind)))
      report.row(`    ${kind}`, shown(recall.of(kind)));
  }
}

interface Searched {
  readonly cold: { readonly ms: number; readonly cpuMs: number; readonly requests: number };
  readonly warm: { readonly ms: number; readonly cpuMs: number; readonly requests: number };
  readonly rssMegabytes: number;
}

async function searches(report: Report, scene: IndexScene): Promise<void> {
  const aims = [
    { passages: 10_000, warm: '< 60 ms', cold: '< 400 ms', memory: '' },
    { passages: 100_000, warm: '< 120 ms', cold: '< 1.5 s', memory: '< 250 MB' },
  ];
  for (const { passages, warm, cold, memory } of aims) {
    const store = scene.newStore();
    const begun = performance.now();
    await fillStore(scene, store, passages);
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    const what = `search, ${passages.toLocaleString('en')} passages × 256`;
    const found = await child<Searched>('searcher.ts', [
      scene.container.containerName,
      store.project,
      store.id,
    ]);
    report.row(`${what}: warm, p50 (${seconds} s to fill)`, milliseconds(found.warm.ms), warm);
    report.row('    of that, CPU', milliseconds(found.warm.cpuMs));
    report.row('    storage requests, at most', String(found.warm.requests), '≤ 30');
    report.row(`${what}: cold`, milliseconds(found.cold.ms), cold);
    report.row('    of that, CPU', milliseconds(found.cold.cpuMs));
    report.row('    storage requests', String(found.cold.requests));
    report.row('    memory of the process', `${Math.round(found.rssMegabytes)} MB`, memory);
  }
}

interface Read {
  readonly megabytes: number;
  readonly textMegabytes: number;
  readonly passages: number;
  readonly ms: number;
  readonly growthMegabytes: number;
  readonly blockedMs: number;
}

async function longFiles(report: Report, scene: IndexScene): Promise<void> {
  for (const kind of ['pdf', 'txt']) {
    const read = await child<Read>('reader.ts', [scene.container.containerName, kind]);
    const what = `${kind}, ${read.megabytes.toFixed(0)} MB with ${read.textMegabytes.toFixed(1)} MB of text`;
    report.row(`${what}: indexed in ${read.passages} passages`, milliseconds(read.ms));
    report.row('    growth of memory', `${Math.round(read.growthMegabytes)} MB`, '< 200 MB');
    report.row('    others kept waiting at most (CPU)', milliseconds(read.blockedMs), '< 50 ms');
  }
}

async function files(report: Report): Promise<void> {
  await using stack = await startStack();
  const client = stack.client();
  const store = await client.vectorStores.create({});
  const aFile = (number: number) =>
    toFile(
      Buffer.from(`# Note ${number}\n\nThe number of this note is N-${number}.\n`.repeat(10)),
      `n${number}.md`,
    );
  const begun = performance.now();
  const batch = await client.vectorStores.fileBatches.uploadAndPoll(store.id, {
    files: await Promise.all(Array.from({ length: FILES }, (_, number) => aFile(number))),
  });
  if (batch.file_counts.completed !== FILES) throw new Error(JSON.stringify(batch.file_counts));
  for (const number of [0, FILES - 1]) {
    const { data } = await client.vectorStores.search(store.id, { query: `N-${number}`, max_num_results: 5 });
    if (!data.some(({ filename }) => filename === `n${number}.md`)) throw new Error('A file is not found.');
  }
  report.row(
    `${FILES} small files uploaded as a batch → searchable`,
    milliseconds(performance.now() - begun),
    '< 10 s',
  );
  const times: number[] = [];
  for (let number = 0; number < SINGLE_FILES; number++) {
    const started = performance.now();
    const file = await client.vectorStores.files.uploadAndPoll(store.id, await aFile(1000 + number));
    if (file.status !== 'completed') throw new Error(file.last_error?.message ?? file.status);
    times.push(performance.now() - started);
  }
  report.row('one small file, uploaded → searchable, p50', milliseconds(percentile(times, 0.5)), '< 1.5 s');
}

async function deploymentPackage(report: Report): Promise<void> {
  const dist = await mkdtemp(join(tmpdir(), 'hourglass-bench-'));
  try {
    await buildPackage(dist);
    const names = (await readdir(dist, { recursive: true, withFileTypes: true })).filter((each) =>
      each.isFile(),
    );
    const contents = await Promise.all(
      names.map(
        async ({ parentPath, name }) =>
          [join(parentPath, name), await readFile(join(parentPath, name))] as const,
      ),
    );
    const zipped = zipSync(Object.fromEntries(contents), { level: 6 });
    report.row('the deployment package, zipped', `${(zipped.length / MEGABYTE).toFixed(2)} MB`, '< 4 MB');
    const times = Array.from({ length: 5 }, () => importTime(dist));
    report.row('    import of all functions, median', milliseconds(percentile(times, 0.5)), 'unchanged');
  } finally {
    await rm(dist, { recursive: true, force: true });
  }
}

/** Runs a script of this benchmark in a process of its own. @returns what it prints */
async function child<T>(script: string, parameters: readonly string[]): Promise<T> {
  const { connectionString } = await testStorage();
  const path = fileURLToPath(new URL(`./search/${script}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', path, ...parameters], {
    env: { ...process.env, TEST_STORAGE: connectionString },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}

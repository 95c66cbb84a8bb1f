import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { machineMirrors, makeBase } from './base-system.ts';
import type { Instruction } from './dockerfile.ts';
import { enterRoot } from './enter-root.ts';

const WEEK_MS = 7 * 24 * 3_600_000;
/** Steps that take longer are kept, so that a second check is quick. */
const WORTH_KEEPING_MS = 15_000;

interface Layer {
  readonly key: string;
  readonly instruction: Instruction;
}

/**
 * Executes the instructions, as `docker build` would, on a root file system below `cache`. Needs root.
 * @returns the folder of the finished root file system
 */
export async function buildRoot(
  instructions: readonly Instruction[],
  context: string,
  cache: string,
  buildArguments: Readonly<Record<string, string>> = {},
): Promise<string> {
  const layers = keyed(instructions, context, buildArguments);
  const kept = join(cache, 'layers');
  mkdirSync(kept, { recursive: true });
  const work = join(cache, 'root');
  const known = layers.findLastIndex((layer) => existsSync(join(kept, layer.key)));
  if (known >= 0) copy(join(kept, layers[known]!.key), work);
  const environment: Record<string, string> = {};
  for (const [index, { key, instruction }] of layers.entries()) {
    if (instruction.kind === 'ARG')
      environment[instruction.name] = buildArguments[instruction.name] ?? instruction.value;
    if (instruction.kind === 'ENV') Object.assign(environment, instruction.values);
    if (index <= known) continue;
    const started = performance.now();
    await execute(instruction, context, work, environment);
    if (performance.now() - started > WORTH_KEEPING_MS) {
      copy(work, join(kept, `${key}.new`));
      renameSync(join(kept, `${key}.new`), join(kept, key));
    }
  }
  for (const name of readdirSync(kept)) {
    if (!layers.some((layer) => layer.key === name))
      rmSync(join(kept, name), { recursive: true, force: true });
  }
  return work;
}

/** Each instruction with a key of all that its result depends on; packages are fetched anew after a week. */
function keyed(
  instructions: readonly Instruction[],
  context: string,
  buildArguments: Readonly<Record<string, string>>,
): Layer[] {
  let key = JSON.stringify([machineMirrors(), Math.floor(Date.now() / WEEK_MS), buildArguments]);
  return instructions.map((instruction) => {
    const content = instruction.kind === 'COPY' ? contentOf(join(context, instruction.source)) : '';
    key = createHash('sha256').update(key).update(JSON.stringify(instruction)).update(content).digest('hex');
    return { key, instruction };
  });
}

function contentOf(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path, 'base64');
  const names = readdirSync(path).filter(included).sort();
  return names.map((name) => `${name}\n${contentOf(join(path, name))}`).join('\n');
}

/** As session/.dockerignore says. */
const included = (name: string) => name !== '__pycache__';

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  // Not Node's own: owners, special modes and file capabilities matter.
  execFileSync('cp', ['-a', '--reflink=auto', from, to]);
}

async function execute(
  instruction: Instruction,
  context: string,
  root: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  switch (instruction.kind) {
    case 'FROM':
      makeBase(instruction.image, root, machineMirrors());
      return;
    case 'COPY': {
      const target = join(root, instruction.target);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(context, instruction.source), target, {
        recursive: true,
        filter: (path) => included(path.split('/').at(-1) ?? ''),
      });
      execFileSync('chown', ['-R', 'root:root', target]);
      return;
    }
    case 'RUN': {
      const command = ['/bin/sh', '-c', instruction.script];
      const code = await enterRoot(root, { command, env: environment, network: true });
      if (code !== 0) throw new Error(`RUN ended with ${code}: ${instruction.script.slice(0, 200)} …`);
      return;
    }
    case 'WORKDIR':
      mkdirSync(join(root, instruction.path), { recursive: true });
      return;
    case 'ARG':
    case 'ENV':
    case 'USER':
    case 'EXPOSE':
    case 'ENTRYPOINT':
    case 'HEALTHCHECK':
      return; // no trace in the file system
  }
}

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { add, nothing, type Tally } from './tally.ts';

/** Types and lint, side by side; each counts as one test. The playground runs in browsers: its types are others. */
export async function staticChecks(project: string, signal: AbortSignal): Promise<Tally> {
  const bin = (name: string) => join(project, 'node_modules/.bin', name);
  const results = await Promise.all([
    check('types', bin('tsc'), ['--noEmit'], project, signal),
    check('types of the playground', bin('tsc'), ['--noEmit', '-p', 'playground'], project, signal),
    check('lint', bin('biome'), ['check', '.'], project, signal),
  ]);
  return results.reduce(add, nothing);
}

async function check(
  name: string,
  command: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<Tally> {
  const startedAt = performance.now();
  const child = spawn(command, args, { cwd, signal, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
  const [out, err, ok] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${ok ? '✔' : '✖'} ${name} (${seconds} s)\n${ok ? '' : out + err}`);
  return ok ? { ...nothing, passed: 1 } : { ...nothing, failed: 1 };
}

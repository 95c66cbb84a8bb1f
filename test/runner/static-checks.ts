import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { findPython } from '../../local/setup/find-python.mjs';
import { lintPython } from './python-lint.ts';
import { add, nothing, type Tally } from './tally.ts';

/** Types and lint, side by side; each counts as one test. The playground runs in browsers: its types are others. */
export async function staticChecks(project: string, signal: AbortSignal): Promise<Tally> {
  const bin = (name: string) => join(project, 'node_modules/.bin', name);
  const results = await Promise.all([
    check('types', bin('tsc'), ['--noEmit'], project, signal),
    check('types of the playground', bin('tsc'), ['--noEmit', '-p', 'playground'], project, signal),
    check('types of its tests', bin('tsc'), ['--noEmit', '-p', 'test/playground'], project, signal),
    check('lint', bin('biome'), ['check', '.'], project, signal),
    lintOfPython(project),
    typesOfPython(project, bin('pyright'), signal),
  ]);
  return results.reduce(add, nothing);
}

async function lintOfPython(project: string): Promise<Tally> {
  const startedAt = performance.now();
  return tell('lint of the agent', startedAt, await lintPython(project));
}

/**
 * Pyright asks a Python where the agent's modules are. Not of `kernel_process`: it reaches into parts of IPython and
 * matplotlib that have no types.
 */
async function typesOfPython(project: string, pyright: string, signal: AbortSignal): Promise<Tally> {
  const python = findPython();
  if (python) {
    const args = ['--pythonpath', python, '--project', 'session'];
    return check('types of the agent', pyright, args, project, signal);
  }
  process.stdout.write('- types of the agent: no Python here has its modules\n');
  return nothing;
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
  return tell(name, startedAt, ok ? [] : [out + err]);
}

function tell(name: string, startedAt: number, problems: readonly string[]): Tally {
  const ok = problems.length === 0;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write([`${ok ? '✔' : '✖'} ${name} (${seconds} s)`, ...problems, ''].join('\n'));
  return ok ? { ...nothing, passed: 1 } : { ...nothing, failed: 1 };
}

import { spawn } from 'node:child_process';

import { findPython } from '../../local/setup/find-python.mjs';
import type { Tally } from './tally.ts';

/** The session agent's own tests. Prints what they print; without a summary of theirs, that is one failure. */
export async function pythonTests(project: string, signal: AbortSignal): Promise<Tally> {
  const python = findPython();
  if (!python) throw new Error('No Python has the modules of the session agent: run node local/setup.mjs');
  let output = '';
  const child = spawn(python, ['-m', 'unittest', 'discover', '-s', 'session/tests'], {
    cwd: project,
    signal,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const ok = await new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
  return readUnittestSummary(output, ok);
}

/** unittest ends with `Ran 12 tests in 3s` and `OK (skipped=1)` or `FAILED (failures=1, errors=2)`. */
export function readUnittestSummary(output: string, ok: boolean): Tally {
  const ran = Number(/^Ran (\d+) tests? in /m.exec(output)?.[1] ?? 0);
  const summary = /^(?:OK|FAILED)(?: \((.*)\))?$/m.exec(output)?.[1] ?? '';
  const count = (name: string) => Number(new RegExp(`(?:^|, )${name}=(\\d+)`).exec(summary)?.[1] ?? 0);
  const skipped = count('skipped');
  const told = count('failures') + count('errors') + count('unexpected successes');
  const failed = ok ? told : Math.max(told, 1);
  return { passed: Math.max(ran - skipped - failed, 0), failed, skipped };
}

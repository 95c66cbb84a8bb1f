import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The project's folder, without a slash at the end. */
export const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** Something is missing that cannot be installed; the message says what, and the command that would do it. */
export class SetupError extends Error {}

/** Runs a short command silently. `output` is what it printed, on both channels. Never throws. */
export function probe(command, args, timeoutMs = 60_000) {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: timeoutMs, cwd: project });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim();
  return { ok: result.status === 0, output: result.error ? result.error.message : output };
}

/** How often a command that takes minutes says that it lives, in milliseconds. */
const SAY_MS = 5_000;

/**
 * Runs a long command and shows what it prints. Resolves to whether it succeeded.
 * @param progress how far it is, in words; said every few seconds, with the time it has taken
 */
export function show(command, args, environment = {}, progress = () => 'still at it') {
  process.stderr.write(`> ${[command, ...args].join(' ')}\n`);
  const started = performance.now();
  return new Promise((resolved) => {
    const timer = setInterval(() => {
      const seconds = Math.round((performance.now() - started) / 1000);
      process.stderr.write(`  ${progress()}, ${seconds} s\n`);
    }, SAY_MS);
    const done = (ok) => {
      clearInterval(timer);
      resolved(ok);
    };
    const child = spawn(command, args, {
      // Standard output stays for the script that follows.
      stdio: ['ignore', process.stderr, process.stderr],
      cwd: project,
      env: { ...process.env, ...environment },
    });
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      done(false);
    });
    child.on('exit', (code) => done(code === 0));
  });
}

export const isRoot = process.getuid?.() === 0;

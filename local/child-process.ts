import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const endWithParent = fileURLToPath(new URL('./end-with-parent.mjs', import.meta.url));

export interface NodeChild {
  readonly pid: number;
  /** Resolves with the exit code, or the signal's name, once the process is gone. Never rejects. */
  readonly exited: Promise<number | string>;
  readonly process: ChildProcess;
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when the process is gone. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL, as a crash would; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Lets this process end while the child runs (and the child with it). */
  unref(): void;
}

/**
 * Starts a Node program that ends when this process does, however this process ends. It gets a process
 * group of its own, so that Ctrl-C in a terminal reaches only the parent, which then stops it in order.
 */
export function startNodeChild(options: {
  args: readonly string[];
  cwd?: string;
  env?: Record<string, string | undefined>;
  onStdout?: (text: string) => void;
  onStderr?: (text: string) => void;
}): NodeChild {
  const child = spawn(process.execPath, ['--import', endWithParent, ...options.args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? process.env,
  });
  // Writing never happens; an EPIPE at the child's death is no news.
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (text: string) => options.onStdout?.(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => options.onStderr?.(text));

  const exited = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const stop = async (graceMs = 10_000) => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  };
  const unref = () => {
    child.unref();
    for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as Socket).unref();
  };
  return { pid: child.pid ?? -1, exited, process: child, stop, kill, unref };
}

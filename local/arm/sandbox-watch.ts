import { readdirSync, readFileSync } from 'node:fs';

import type { SandboxLimits } from './bubblewrap.ts';
import type { Sandbox } from './sandbox.ts';

/** Where there is no memory cgroup to lean on: looks at every sandbox twice a second. */
const EVERY_MS = 500;

export interface Watched {
  readonly sandboxes: ReadonlySet<Sandbox>;
}

/**
 * Ends kernels whose session uses more memory than it may, all its processes taken together (single ones are
 * bounded by the agent). SIGKILL is what the system's own out-of-memory killer would send, and the agent
 * reports it as such. @returns stops watching
 */
export function watchSandboxes(watched: Watched, limits: SandboxLimits): () => void {
  const timer = setInterval(() => {
    for (const sandbox of watched.sandboxes) endIfTooLarge(sandbox, limits.memoryBytes);
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function endIfTooLarge(sandbox: Sandbox, limit: number): void {
  const processes = descendants(sandbox.pid).map((pid) => ({ pid, bytes: memoryOf(pid) }));
  const total = processes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= limit) return;
  // Bubblewrap's own two processes and the agent come first; what the agent started is the kernel's.
  for (const { pid } of processes.slice(2)) kill(pid);
}

/** Processes below `root` in the order of their ancestry. */
function descendants(root: number): number[] {
  const found: number[] = [];
  for (let level = [root]; level.length > 0; ) {
    level = level.flatMap(children);
    found.push(...level);
  }
  return found;
}

function children(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return []; // It ended while we looked.
  }
}

/** Its fair share of what it has in memory; where that may not be read, its resident set without shared files. */
function memoryOf(pid: number): number {
  try {
    const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
    if (pss) return Number(pss[1]) * 1024;
  } catch {
    // Undumpable or gone: the next file says which.
  }
  try {
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
    return (resident - shared) * 4096;
  } catch {
    return 0;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

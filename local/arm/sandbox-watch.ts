import { setTimeout as delay } from 'node:timers/promises';

import { MEBIBYTE, type SandboxLimits } from './bubblewrap.ts';
import { folderSize } from './folder-size.ts';
import { descendants, killProcess, proportionalBytes, residentBytes } from './process-tree.ts';
import type { Sandbox } from './sandbox.ts';

/**
 * What a container's cgroup and disk quota do in Azure: ends the kernels of sessions that take more memory than
 * they may, all their processes together, or more disk. The agent bounds single processes and files, and
 * reports both kinds readably; this is for what gets past it.
 */
const MEMORY_EVERY_MS = 250;
const DISK_EVERY_MS = 1000;
/** The agent stops code at the limit itself and says so readably; it needs a moment for that. */
const diskLimit = (dataBytes: number): number => 1.25 * dataBytes + 256 * MEBIBYTE;

/** @returns stops watching */
export function watchSandboxes(
  watched: { readonly sandboxes: ReadonlySet<Sandbox> },
  limits: SandboxLimits,
): () => void {
  const timer = setInterval(() => {
    for (const sandbox of watched.sandboxes) boundMemory(sandbox, limits.memoryBytes);
  }, MEMORY_EVERY_MS);
  timer.unref();
  const stopped = new AbortController();
  void watchDisks(watched, diskLimit(limits.dataBytes), stopped.signal);
  return () => {
    clearInterval(timer);
    stopped.abort();
  };
}

/** SIGKILL is what the system's out-of-memory killer would send, and the agent reports it as that. */
function boundMemory(sandbox: Sandbox, limit: number): void {
  const processes = descendants(sandbox.pid);
  if (sum(processes, residentBytes) <= limit || sum(processes, proportionalBytes) <= limit) return;
  endKernel(sandbox, processes);
}

async function watchDisks(
  { sandboxes }: { readonly sandboxes: ReadonlySet<Sandbox> },
  limit: number,
  signal: AbortSignal,
): Promise<void> {
  // What is there when a kernel is ended stays, so that the user's files do; it may not grow further.
  const allowed = new WeakMap<Sandbox, number>();
  while (!signal.aborted) {
    const started = Date.now();
    for (const sandbox of sandboxes) {
      const most = allowed.get(sandbox) ?? limit;
      const bytes = await folderSize(sandbox.folder, most);
      if (bytes <= most) continue;
      endKernel(sandbox, descendants(sandbox.pid));
      allowed.set(sandbox, (await folderSize(sandbox.folder, Number.POSITIVE_INFINITY)) + limit / 100);
    }
    // A look that takes long is taken less often.
    const pause = Math.max(DISK_EVERY_MS, 10 * (Date.now() - started));
    await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** The kernel and whatever it started: all but what came before it, bubblewrap's process 1 and the agent. */
function endKernel(sandbox: Sandbox, processes: readonly number[]): void {
  for (const pid of processes.slice(sandbox.isolated ? 2 : 0)) killProcess(pid);
}

const sum = (processes: readonly number[], bytesOf: (pid: number) => number): number =>
  processes.reduce((total, pid) => total + bytesOf(pid), 0);

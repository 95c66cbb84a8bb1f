import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Processes below `root` (not itself), in the order of their ancestry. Those that end meanwhile are left out. */
export function descendants(root: number): number[] {
  const found: number[] = [];
  for (let level = children(root); level.length > 0; level = level.flatMap(children)) found.push(...level);
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

/**
 * Memory of its own in bytes, anonymous and shared, without files: cheap, but what several processes share is
 * counted for each.
 */
export function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB/gm)].map((match) =>
      Number(match[1]),
    );
    return kilobytes.reduce((total, each) => total + each, 0) * 1024;
  } catch {
    return 0; // It ended while we looked.
  }
}

/** Its fair share of what it has in memory, in bytes: dear for large processes. */
export function proportionalBytes(pid: number): number {
  try {
    const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
    if (pss) return Number(pss[1]) * 1024;
  } catch {
    // Not ours to read (an undumpable process, without root), or gone: the rougher figure says which.
  }
  return residentBytes(pid);
}

export function killProcess(pid: number): void {
  signalProcess(pid, 'SIGKILL');
}

const STOP_MS = 1000;

/**
 * SIGKILL for a process and all below it. It is stopped first: what it is just starting would be overlooked, and
 * would live on without it. A bubblewrap of some milliseconds leaves such a child, which waits for it for ever.
 */
export async function killTree(root: number): Promise<void> {
  if (!signalProcess(root, 'SIGSTOP')) return;
  for (const end = Date.now() + STOP_MS; isRunning(root) && Date.now() < end; ) await delay(1);
  for (const pid of descendants(root)) killProcess(pid);
  killProcess(root);
}

/** @returns whether there was such a process */
function signalProcess(pid: number, signal: 'SIGKILL' | 'SIGSTOP'): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // It ended by itself.
  }
}

/** Neither stopped (T) nor over (Z, X): https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function isRunning(pid: number): boolean {
  try {
    return /\) [^TZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

import { readdirSync, readFileSync } from 'node:fs';

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
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

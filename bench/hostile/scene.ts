import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Keys of two projects. */
export const ATTACKER = 'bench-key-of-the-attacker';
export const NEIGHBOUR = 'bench-key-of-the-neighbour';

const SAMPLE_MS = 20;

export interface HostileScene extends Disposable {
  readonly url: string;
  harmOf(attack: () => Promise<unknown>): Promise<Harm>;
}

/** What another caller noticed. */
export interface Harm {
  /** The longest wait for an answer, in milliseconds. */
  readonly longestMs: number;
  /** How much the host's process grew at most, in bytes. */
  readonly grownBytes: number;
}

/** @param pid of the host */
export function openScene(url: string, pid: number): HostileScene {
  const program = fileURLToPath(new URL('./neighbour.ts', import.meta.url));
  const neighbour = fork(program, [url, NEIGHBOUR], { stdio: 'inherit' });
  return {
    url,
    harmOf: (attack) => harmOf(neighbour, pid, attack),
    [Symbol.dispose]: () => void neighbour.kill(),
  };
}

async function harmOf(neighbour: ChildProcess, pid: number, attack: () => Promise<unknown>): Promise<Harm> {
  const before = await residentBytes(pid);
  let most = before;
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      most = Math.max(most, await residentBytes(pid));
      await delay(SAMPLE_MS);
    }
  })();
  neighbour.send('begin');
  try {
    await attack();
  } finally {
    over.abort();
    await watching;
  }
  neighbour.send('end');
  const [{ longestMs }] = (await once(neighbour, 'message')) as [{ longestMs: number }];
  return { longestMs, grownBytes: most - before };
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

import { readFile } from 'node:fs/promises';

/** Whether a process of that id runs; one that has ended but was not waited for does not count. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false; // ESRCH; nothing else can be, as these are our own.
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined ? process.platform !== 'linux' : !/\) [ZX] /.test(stat);
}

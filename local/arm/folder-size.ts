import { execFile } from 'node:child_process';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** A file without content still takes up room in the file system: a flood of them must count too. */
const MIN_ENTRY_BYTES = 4096;
const BLOCK_BYTES = 512;

/**
 * Space that everything below `folder` occupies, in bytes; holes of sparse files do not count. Stops counting
 * beyond `enough`.
 */
export async function folderSize(folder: string, enough: number): Promise<number> {
  let bytes = 0;
  let beyondPaths = false;
  const look = async <T>(looking: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await looking();
    } catch (error) {
      // Anything else was deleted, or closed to us, while we looked: the next look counts again.
      beyondPaths ||= (error as NodeJS.ErrnoException).code === 'ENAMETOOLONG';
      return undefined;
    }
  };
  const waiting = [folder];
  for (let path = waiting.pop(); path !== undefined && bytes <= enough; path = waiting.pop()) {
    const here = path;
    await look(async () => {
      for await (const entry of await opendir(here)) {
        const inside = join(here, entry.name);
        if (entry.isDirectory()) waiting.push(inside);
        const blocks = (await look(() => lstat(inside)))?.blocks ?? 0;
        bytes += Math.max(MIN_ENTRY_BYTES, blocks * BLOCK_BYTES);
        if (bytes > enough) break;
      }
    });
  }
  return beyondPaths && bytes <= enough ? Math.max(bytes, await sizeByDescriptors(folder)) : bytes;
}

/** `du` needs no paths, so no depth hides anything from it. What it says of files that vanish is of no interest. */
const sizeByDescriptors = (folder: string): Promise<number> =>
  new Promise((resolve) => {
    execFile('du', ['-sk', folder], (_vanished, stdout) =>
      resolve(1024 * (Number.parseInt(stdout, 10) || 0)),
    );
  });

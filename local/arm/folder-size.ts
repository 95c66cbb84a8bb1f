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
  const waiting = [folder];
  for (let path = waiting.pop(); path !== undefined && bytes <= enough; path = waiting.pop()) {
    try {
      for await (const entry of await opendir(path)) {
        if (entry.isDirectory()) waiting.push(join(path, entry.name));
        bytes += Math.max(MIN_ENTRY_BYTES, await occupied(join(path, entry.name)));
        if (bytes > enough) break;
      }
    } catch {
      // Deleted, or closed to us, while we looked: the next look counts again.
    }
  }
  return bytes;
}

async function occupied(path: string): Promise<number> {
  try {
    return (await lstat(path)).blocks * BLOCK_BYTES;
  } catch {
    return 0; // Deleted while we looked.
  }
}

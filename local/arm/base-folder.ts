import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { removeFolderSync } from './remove-folder.ts';

const PREFIX = 'hourglass-sessions-';
const OWNER = 'owner.pid';

/** A folder for the sandboxes of this process. Those of emulators that were killed are removed first. */
export function makeBaseFolder(): string {
  for (const name of readdirSync(tmpdir()))
    if (name.startsWith(PREFIX)) removeIfAbandoned(join(tmpdir(), name));
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(folder, OWNER), String(process.pid));
  // Sandboxes' own users pass through; what is below belongs to one of them each.
  chmodSync(folder, 0o711);
  return folder;
}

function removeIfAbandoned(folder: string): void {
  try {
    const owner = Number(readFileSync(join(folder, OWNER), 'utf8'));
    if (Number.isInteger(owner) && owner > 0 && !isAlive(owner)) removeFolderSync(folder);
  } catch {
    // Another user's, or being made or removed right now by somebody else: theirs to remove.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

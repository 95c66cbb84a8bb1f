import { spawn, spawnSync } from 'node:child_process';

/**
 * Removes a folder that a session's code could shape. Paths longer than the system takes and folders that nobody
 * may write to are beyond Node's `rm`; the system's `rm` goes by descriptors, and what it may not remove its
 * owner opens first. Neither follows links.
 */
const script = 'rm -rf -- "$1" 2>/dev/null || { chmod -R u+rwX -- "$1"; rm -rf -- "$1"; }';
const command = (folder: string): [string, string[]] => ['/bin/sh', ['-c', script, 'sh', folder]];

/** @throws when something is left behind, with what `rm` said */
export async function removeFolder(folder: string): Promise<void> {
  const child = spawn(...command(folder), { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 1000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${folder} could not be removed: ${said.trim()}`);
}

/** @throws when something is left behind, with what `rm` said */
export function removeFolderSync(folder: string): void {
  const { error, status, stderr } = spawnSync(...command(folder), {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${folder} could not be removed: ${stderr.slice(0, 1000).trim()}`);
}

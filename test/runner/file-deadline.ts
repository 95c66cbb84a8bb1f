import { basename } from 'node:path';

import { descendants, killProcess } from '../../local/arm/process-tree.ts';

/**
 * Preloaded into the process of a test file, as `file-deadline.ts?ms=N`: ends it by SIGKILL when it is still there
 * after N milliseconds, and all that it started. Node's own limit sends SIGTERM, which a test that hangs survives.
 */
const limitMs = Number(new URL(import.meta.url).searchParams.get('ms'));
setTimeout(() => {
  const held = process.getActiveResourcesInfo().join(', ');
  const file = basename(process.argv[1] ?? '');
  process.stderr.write(`${file} did not end within ${limitMs / 1000} s; it is held by: ${held}\n`);
  for (const pid of descendants(process.pid)) killProcess(pid);
  killProcess(process.pid);
}, limitMs).unref();

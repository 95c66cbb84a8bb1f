import { basename } from 'node:path';
import { after } from 'node:test';

import { descendants, killProcess } from '../../local/arm/process-tree.ts';

/**
 * Preloaded into the process of a test file, as `file-deadline.ts?ms=N&afterwards=M`: ends it by SIGKILL when it is
 * still there after N milliseconds, or M after its last test, and all that it started. Node's own limit sends
 * SIGTERM, which a test that hangs survives; and it waits for what a test has left running.
 */
const { searchParams } = new URL(import.meta.url);

function endWithin(ms: number, since: string): void {
  setTimeout(() => {
    const held = process.getActiveResourcesInfo().join(', ');
    const file = basename(process.argv[1] ?? '');
    process.stderr.write(`${file} did not end within ${ms / 1000} s${since}; it is held by: ${held}\n`);
    for (const pid of descendants(process.pid)) killProcess(pid);
    killProcess(process.pid);
  }, ms).unref();
}

endWithin(Number(searchParams.get('ms')), '');
// A failed `before` often makes `after` fail, too, and what runs by then goes on.
after(() => endWithin(Number(searchParams.get('afterwards')), ' after its tests'));

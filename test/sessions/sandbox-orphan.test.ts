/** An emulator that is killed in the moment in which it starts sandboxes takes them along. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { descendants } from '../../local/arm/process-tree.ts';
import { findPython } from '../../local/setup/find-python.mjs';
import { eventually } from '../support/eventually.ts';

const folder = mkdtempSync(join(tmpdir(), 'hg-orphan-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const local = (file: string) => JSON.stringify(import.meta.resolve(`../../local/arm/${file}`));

/** Starts three sandboxes when told to, says so, and waits to be killed. */
const emulator = (isolation: string) => `
import { makeBaseFolder } from ${local('base-folder.ts')};
import { defaultLimits } from ${local('bubblewrap.ts')};
import { pythonRuntime } from ${local('python-runtime.ts')};
import { Sandbox } from ${local('sandbox.ts')};
const python = pythonRuntime(${JSON.stringify(findPython())});
const settings = { isolation: '${isolation}', python, limits: defaultLimits, baseFolder: makeBaseFolder() };
process.stdin.once('data', () => {
  for (let count = 0; count < 3; count += 1) new Sandbox(settings);
  process.stdout.write('started');
});
process.stdout.write('ready');
`;

/** Processes that were given something in our folder, by environment or by mount. */
function ours(): string[] {
  const read = (pid: string, name: string) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'utf8');
    } catch {
      return ''; // It has ended, or is not ours to read.
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.filter((pid) => ['environ', 'mountinfo'].some((name) => read(pid, name).includes(folder)));
}

for (const isolation of ['bubblewrap', 'none']) {
  test(`killed while sandboxes start, it leaves none: isolation ${isolation}`, async () => {
    for (let ms = 0; ms <= 24; ms += 4) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', emulator(isolation)], {
        // All that bubblewrap gets of it is PATH.
        env: { PATH: `${process.env.PATH}:${folder}`, TMPDIR: folder },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      child.stdin.write('start');
      await once(child.stdout, 'data');
      // Busily: a timer would come too late.
      for (const end = performance.now() + ms; performance.now() < end; );
      const begun = descendants(child.pid ?? -1).length;
      child.kill('SIGKILL');
      assert.notEqual(begun, 0);
      await eventually('the sandboxes to end', () => ours().length === 0);
    }
  });
}

/** What sessions leave behind is removed, whatever shape their code gave it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { removeFolder, removeFolderSync } from '../../local/arm/remove-folder.ts';
import { findPython } from '../../local/setup/find-python.mjs';

const NOBODY = 65534;
const fresh = () => mkdtempSync(join(tmpdir(), 'hg-remove-'));

function deepFolder(): string {
  const folder = fresh();
  const code = `import os\nfor _ in range(70):\n    os.mkdir('d' * 100); os.chdir('d' * 100)\nopen('f', 'w').close()`;
  assert.equal(spawnSync(findPython() ?? 'python3', ['-c', code], { cwd: folder }).status, 0);
  return folder;
}

describe('a folder is removed', () => {
  test('that is deeper than a path can tell', async () => {
    const folder = deepFolder();
    await removeFolder(folder);
    assert.equal(existsSync(folder), false);
    const again = deepFolder();
    removeFolderSync(again);
    assert.equal(existsSync(again), false);
  });

  test('by its owner, although nobody may write to what is in it', () => {
    const folder = fresh();
    const closed = join(folder, 'session');
    mkdirSync(join(closed, 'closed'), { recursive: true });
    writeFileSync(join(closed, 'closed', 'file'), '');
    // Root may do anything: as root, this is tried as somebody else.
    const isRoot = process.getuid?.() === 0;
    for (const path of [folder, closed, join(closed, 'closed'), join(closed, 'closed', 'file')])
      if (isRoot) chownSync(path, NOBODY, NOBODY);
    chmodSync(join(closed, 'closed'), 0o555);
    chmodSync(closed, 0o000);
    const source = fileURLToPath(new URL('../../local/arm/remove-folder.ts', import.meta.url));
    // The other user may not be able to enter this project: neither to read the source nor to execute its Node.
    const become = `process.setgroups([]); process.setgid(${NOBODY}); process.setuid(${NOBODY});`;
    const code = `${readFileSync(source, 'utf8')}
      ${isRoot ? become : ''}
      await removeFolder(${JSON.stringify(closed)});`;
    const { stderr, error } = spawnSync(
      process.execPath,
      ['--input-type=module-typescript', '--no-warnings', '--eval', code],
      { cwd: '/', encoding: 'utf8' },
    );
    assert.ifError(error);
    assert.equal(stderr, '');
    assert.equal(existsSync(closed), false);
    rmSync(folder, { recursive: true });
  });

  test('or what is left of it is said', async () => {
    const folder = fresh();
    await assert.rejects(removeFolder(`${folder}/.`), /could not be removed: rm: refusing/);
    assert.throws(() => removeFolderSync(`${folder}/.`), /could not be removed: rm: refusing/);
    rmSync(folder, { recursive: true });
  });
});

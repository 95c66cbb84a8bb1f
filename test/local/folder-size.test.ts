/** The space that a session takes is measured, wherever its code puts it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { folderSize } from '../../local/arm/folder-size.ts';
import { removeFolderSync } from '../../local/arm/remove-folder.ts';
import { findPython } from '../../local/setup/find-python.mjs';

const MEBIBYTE = 1024 * 1024;
const root = mkdtempSync(join(tmpdir(), 'hg-size-'));
after(() => removeFolderSync(root));

describe('the size of a folder', () => {
  test('is what its files occupy, and something for each of them', async () => {
    const folder = join(root, 'plain');
    mkdirSync(join(folder, 'inner'), { recursive: true });
    writeFileSync(join(folder, 'inner', 'file'), Buffer.alloc(MEBIBYTE, 'x'));
    writeFileSync(join(folder, 'sparse'), '');
    truncateSync(join(folder, 'sparse'), 100 * MEBIBYTE);
    const size = await folderSize(folder, Number.POSITIVE_INFINITY);
    assert.ok(size >= MEBIBYTE + 2 * 4096 && size < 1.5 * MEBIBYTE, String(size));
  });

  test('includes what lies deeper than a path can tell', async () => {
    const folder = join(root, 'deep');
    mkdirSync(folder);
    const code = `
import os
for _ in range(70):
    os.mkdir('d' * 100); os.chdir('d' * 100)
open('f', 'wb').write(b'x' * 20 * 2**20)
`;
    assert.equal(spawnSync(findPython() ?? 'python3', ['-c', code], { cwd: folder }).status, 0);
    const size = await folderSize(folder, Number.POSITIVE_INFINITY);
    assert.ok(size >= 20 * MEBIBYTE && size < 22 * MEBIBYTE, String(size));
  });
});

/** Sandboxes that wait for an owner, on a machine that has no room for them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { defaultLimits } from '../../local/arm/bubblewrap.ts';
import { WarmPool } from '../../local/arm/warm-pool.ts';
import { until } from '../support/until.ts';

test('a warm sandbox that cannot be made is reported, and nothing else happens', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'hg-pool-'));
  const reported = context.mock.method(console, 'error', () => undefined);
  const python = { executable: '/bin/false', folders: [] };
  const baseFolder = join(folder, 'sessions');
  const pool = new WarmPool({ isolation: 'none', python, limits: defaultLimits, baseFolder }, 1);
  try {
    await until(() => pool.sandboxes.size === 0, 'the only sandbox ends');
    rmSync(baseFolder, { recursive: true });
    writeFileSync(baseFolder, 'no folder');
    assert.throws(() => pool.take(), /ENOTDIR/);
    await until(() => reported.mock.callCount() > 0, 'the attempt to refill');
    assert.match(String(reported.mock.calls[0]?.arguments[0]), /no sandbox can be kept warm: ENOTDIR/);
  } finally {
    await pool.stop();
    rmSync(folder, { recursive: true });
  }
});

import { realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { claim } from './claim.mjs';
import { project } from './run-command.mjs';

/** Runs `install` unless another set-up of this folder, awaited here, has made `done()` true meanwhile. */
export async function exclusively(install, done) {
  const what = `set-up of ${realpathSync(project)}`;
  let release = await claim(what);
  if (!release) process.stderr.write('Waiting for another set-up of this folder …\n');
  for (; !release; release = await claim(what)) await delay(200);
  try {
    if (!done()) await install();
  } finally {
    await release();
  }
}

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { project } from './run-command.mjs';

const folder = join(project, '.data');
const lock = join(folder, 'setup.lock');

/** Runs `install` unless another set-up of this folder, awaited here, has made `done()` true meanwhile. */
export async function exclusively(install, done) {
  mkdirSync(folder, { recursive: true });
  for (let told = false; !take(); told = true) {
    if (!told) process.stderr.write('Waiting for another set-up of this folder …\n');
    await delay(200);
  }
  try {
    if (!done()) await install();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!holderLives()) rmSync(lock, { force: true });
    return false;
  }
}

function holderLives() {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // Empty for the instant between its creation and its writing; longer only if its maker died just then.
    if (pid === 0) return Date.now() - statSync(lock).mtimeMs < 10_000;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

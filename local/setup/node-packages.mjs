import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { project, SetupError, show } from './run-command.mjs';

const lockFile = join(project, 'package-lock.json');
/** npm writes it last. */
const installed = join(project, 'node_modules/.package-lock.json');
/** Folder for what set-up remembers; it goes when node_modules goes. */
export const cacheFolder = join(project, 'node_modules/.cache/hourglass');
const stamp = join(cacheFolder, 'package-lock.sha256');

/** By content where known: a fresh checkout of the same lock file has a new time. */
export function nodePackagesAreCurrent() {
  const since = modified(installed);
  if (since === undefined) return false;
  return since >= (modified(lockFile) ?? 0) || read(stamp) === lockFileHash();
}

export async function installNodePackages() {
  // npm ci empties the folder first, and would follow the link into somebody else's.
  if (lstatSync(join(project, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new SetupError(
      'node_modules is a link and does not fit package-lock.json. Remove it: rm node_modules',
    );
  }
  process.stderr.write('Installing the npm packages …\n');
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
  const [command, ...args] = [...npm, 'ci', '--no-audit', '--no-fund', '--loglevel', 'error'];
  if (!(await show(command, args, {}, countInstalled))) {
    throw new SetupError('The npm packages could not be installed. Try it by hand: npm ci');
  }
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(stamp, lockFileHash());
}

/** npm itself says nothing before its end. */
function countInstalled() {
  const folder = join(project, 'node_modules');
  const names = (path) => (statSync(path, { throwIfNoEntry: false }) ? readdirSync(path) : []);
  const count = names(folder).reduce(
    (sum, name) =>
      sum + (name.startsWith('@') ? names(join(folder, name)).length : name.startsWith('.') ? 0 : 1),
    0,
  );
  const wanted = Object.keys(JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? {}).filter((path) =>
    /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path),
  ).length;
  return `${Math.min(count, wanted)} of ${wanted} packages`;
}

function lockFileHash() {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex');
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // Not there: never installed by this set-up.
  }
}

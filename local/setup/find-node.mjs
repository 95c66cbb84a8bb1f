import { join } from 'node:path';

import { probe, project, SetupError } from './run-command.mjs';

/** The first version that runs TypeScript files without a flag. */
const NEEDED = [22, 18];

/** The program that can run this project's TypeScript: this one, or the one that npm installed. */
export function findNode() {
  if (isEnough(process.versions.node)) return process.execPath;
  const fromNpm = join(project, 'node_modules/.bin/node');
  const version = probe(fromNpm, ['--version']);
  if (version.ok && isEnough(version.output.replace(/^v/, ''))) return fromNpm;
  throw new SetupError(
    `Node 24 is needed (${NEEDED.join('.')} at least); this is ${process.versions.node}. ` +
      'On Linux (x64, arm64, glibc) npm brings it, elsewhere install it:\n  ' +
      (process.platform === 'darwin' ? 'brew install node@24' : 'see https://nodejs.org/en/download'),
  );
}

function isEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

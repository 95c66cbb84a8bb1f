import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { bubblewrapProblem, findBubblewrap } from './bubblewrap.mjs';
import { canInstallDebianPackages, debianPackages, installDebianPackages } from './debian.mjs';
import { findPython } from './find-python.mjs';
import { probe, project, SetupError, show } from './run-command.mjs';

const environment = join(project, '.venv');
const requirements = 'session/requirements-local.txt';

/** A virtual environment where pip can reach an index, else Debian's packages. */
export async function installPython() {
  process.stderr.write('Installing the Python packages of the session agent …\n');
  if ((await installByPip()) || (await installByApt())) return;
  throw new SetupError(
    'No Python with the packages of the session agent was found, and none could be made. Any of these helps:\n' +
      `  python3 -m venv .venv && .venv/bin/python -m pip install -r ${requirements}\n` +
      `  sudo apt-get install ${debianPackages().join(' ')}\n` +
      '  export SESSION_PYTHON=/path/to/a/python3 that has them',
  );
}

async function installByPip() {
  const made = probe('python3', ['-m', 'venv', environment]);
  if (!made.ok) {
    process.stderr.write(`python3 -m venv: ${made.output.split('\n')[0]}\n`);
  } else {
    const pip = ['-m', 'pip', '--disable-pip-version-check', '--timeout', '10', '--retries', '1', '--quiet'];
    // A small download first: without an index that is known after seconds, not minutes.
    const reachable = probe(join(environment, 'bin/python'), [...pip, 'install', 'tornado'], 120_000);
    if (!reachable.ok) process.stderr.write('pip reaches no package index.\n');
    else if (await show(join(environment, 'bin/python'), [...pip, 'install', '-r', requirements])) {
      if (findPython() !== undefined) return true;
    }
  }
  if (existsSync(environment)) rmSync(environment, { recursive: true, force: true });
  return false;
}

async function installByApt() {
  if (!canInstallDebianPackages) return false;
  // Both needs in one go, as each call costs seconds.
  const packages = findBubblewrap() ? debianPackages() : [...debianPackages(), 'bubblewrap'];
  return (await installDebianPackages(packages)) && findPython() !== undefined;
}

/** Only the sandbox; on a machine whose Python was fine. */
export async function installBubblewrap() {
  if (canInstallDebianPackages) await installDebianPackages(['bubblewrap']);
  if (!findBubblewrap()) throw new SetupError(bubblewrapProblem());
}

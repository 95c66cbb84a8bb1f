import { lstatSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { cacheFolder } from './node-packages.mjs';
import { probe, project, SetupError } from './run-command.mjs';

/** What the session agent and a useful kernel need. */
export const modules = [
  'tornado',
  'jupyter_client',
  'ipykernel',
  'numpy',
  'pandas',
  'matplotlib',
  'openpyxl',
  'PIL',
];
const cache = join(cacheFolder, 'python.json');

/**
 * The Python that runs the session agent: SESSION_PYTHON, `.venv`, Debian's own, or the first on PATH that has
 * all modules. Importing them takes a second, so a good answer is remembered until that program changes.
 * @returns its path, or undefined when none will do
 * @throws {SetupError} when SESSION_PYTHON names one that will not do
 */
export function findPython(environment = process.env) {
  const wanted = environment.SESSION_PYTHON;
  if (wanted) {
    if (hasModules(wanted)) return wanted;
    // What spawn says when there is nothing to be run.
    if (/ (ENOENT|EACCES|ENOTDIR)$/.test(probe(wanted, ['--version']).output)) {
      throw new SetupError(
        `SESSION_PYTHON=${wanted}: there is no such program. Name a python3, or leave it out.`,
      );
    }
    throw new SetupError(
      `SESSION_PYTHON=${wanted} cannot import ${modules.join(', ')}. Try:\n` +
        `  ${wanted} -m pip install -r session/requirements-local.txt`,
    );
  }
  const onPath = (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, 'python3'));
  const candidates = [join(project, '.venv/bin/python'), '/usr/bin/python3', ...onPath];
  return [...new Set(candidates)].find((path) => hasModules(path));
}

function hasModules(path) {
  const known = readCache();
  const key = `${path} ${modules.join()}`;
  const changed = modified(path);
  if (changed === undefined && path.includes('/')) return false;
  if (changed !== undefined && known[key] === changed) return true;
  if (!probe(path, ['-c', `import ${modules.join(', ')}`]).ok) return false;
  if (changed !== undefined) writeCache({ ...known, [key]: changed });
  return true;
}

/** Of the link and of its target: a new .venv changes the former, a new Python the latter. */
function modified(path) {
  const target = statSync(path, { throwIfNoEntry: false });
  return target && `${lstatSync(path).mtimeMs} ${target.mtimeMs}`;
}

function readCache() {
  try {
    return JSON.parse(readFileSync(cache, 'utf8'));
  } catch {
    return {}; // Not there yet, or half a file of a killed process: ask Python again.
  }
}

function writeCache(content) {
  mkdirSync(cacheFolder, { recursive: true });
  const temporary = `${cache}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(content));
  renameSync(temporary, cache);
}

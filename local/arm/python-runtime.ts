import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** A Python and the folders it lives in, which a sandbox must show to it (and nothing beside them). */
export interface PythonRuntime {
  readonly executable: string;
  /** Outside /usr, which every sandbox has: a virtual environment, the Python it was made from. */
  readonly folders: readonly string[];
}

const ASK = `
import json, sys, sysconfig
print(json.dumps([sys.executable, sys.prefix, sys.base_prefix, sysconfig.get_paths()["purelib"]]))
`;

/** @throws when that program is no Python */
export function pythonRuntime(python: string): PythonRuntime {
  const answer = execFileSync(python, ['-I', '-c', ASK], { encoding: 'utf8', timeout: 30_000 });
  const [executable, ...folders] = JSON.parse(answer) as [string, ...string[]];
  const outside = folders.filter(
    (folder) => !/^\/(usr|lib|lib64|bin)(\/|$)/.test(folder) && existsSync(folder),
  );
  return { executable, folders: [...new Set(outside)] };
}

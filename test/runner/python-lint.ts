import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { resolve } from 'node:path';

import { PositionEncoding, Workspace } from '@astral-sh/ruff-wasm-nodejs';

/** Ruff's rules for the session agent. Lines are as long as their sentence; constants of classes are no defaults. */
const settings = {
  'target-version': 'py310',
  lint: {
    select: ['E', 'F', 'W', 'I', 'B', 'UP', 'C4', 'RUF', 'ASYNC'],
    // ASYNC240: before the agent serves anybody.
    ignore: ['E501', 'RUF012', 'ASYNC240'],
    // Beside the kernel's own __main__.py, and imported by it as scripts are.
    isort: {
      'known-first-party': [
        'endings',
        'figures',
        'fonts',
        'hints',
        'limits',
        'messages',
        'reserve',
        'shows',
        'streams',
      ],
    },
  },
};

/** One line for each thing that Ruff says of the Python files of a project. */
export async function lintPython(project: string): Promise<string[]> {
  const ruff = new Workspace(settings, PositionEncoding.Utf16);
  const lines: string[] = [];
  for await (const path of glob('{session,bench,local}/**/*.py', { cwd: project })) {
    // Pieces of a conversation, each of which goes on with the variables of those before.
    if (path.startsWith('local/demo-model/')) continue;
    for (const { start_location, code, message } of ruff.check(
      readFileSync(resolve(project, path), 'utf8'),
    )) {
      lines.push(`${path}:${start_location.row}:${start_location.column} ${code} ${message}`);
    }
  }
  return lines;
}

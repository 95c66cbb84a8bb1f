import { imports, type SourceFile, sourceFiles } from '../architecture/imports.ts';

/** Who needs one of these brings up a neighbour: Azurite, a host, a sandbox, a browser, another program. */
const NEIGHBOURS = [
  'local/azurite.ts',
  'local/child-process.ts',
  'local/host-process.ts',
  'local/host/functions-host.ts',
  'local/arm/emulator.ts',
  'local/arm/sandbox.ts',
  'test/support/azurite.ts',
  'test/local/setup-project.ts',
  'package:playwright-core',
];

/** Of test files those that need nothing but their own process. */
export async function fastFiles(files: readonly string[]): Promise<string[]> {
  const sources = new Map<string, SourceFile>();
  for (const file of await sourceFiles('{functions,shared,local,infra,test}/**/*.{ts,mjs}')) {
    sources.set(file.path, file);
  }
  const known = new Map<string, boolean>();
  const needsNeighbour = (path: string): boolean => {
    const answer = known.get(path);
    if (answer !== undefined) return answer;
    known.set(path, false);
    const source = sources.get(path);
    const needs =
      NEIGHBOURS.includes(path) ||
      (source !== undefined &&
        (/from 'node:child_process'/.test(source.text) ||
          imports(source).some(({ target, isType }) => !isType && needsNeighbour(target))));
    known.set(path, needs);
    return needs;
  };
  return files.filter((path) => !needsNeighbour(path));
}

import { glob, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** The file, by its path in the project; `package:NAME` for a package. */
  readonly target: string;
  /** Gone when the code runs. */
  readonly isType: boolean;
}

export async function sourceFiles(pattern: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for await (const path of glob(pattern)) files.push({ path, text: await readFile(path, 'utf8') });
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const IMPORT =
  /^(?:import|export)\s(?<names>[^;'"]*?)\s*from\s+'(?<from>[^']+)'|^import\s+'(?<effect>[^']+)'|\bimport\((?:\s*)'(?<lazy>[^']+)'/gm;

/** What a file imports, but for Node's own modules. */
export function imports({ path, text }: SourceFile): Import[] {
  return [...text.matchAll(IMPORT)].flatMap(({ groups = {} }) => {
    const target = groups.from ?? groups.effect ?? groups.lazy ?? '';
    if (target.startsWith('node:') || target.includes('$')) return [];
    const isType = groups.names !== undefined && onlyTypes(groups.names);
    if (target.startsWith('.')) return [{ target: normalize(join(dirname(path), target)), isType }];
    const name = target.split('/').slice(0, target.startsWith('@') ? 2 : 1);
    return [{ target: `package:${name.join('/')}`, isType }];
  });
}

/** `type A`, `type { A }`, or `{ type A, type B }` */
function onlyTypes(names: string): boolean {
  if (names.startsWith('type ')) return true;
  const braced = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
  if (braced === undefined) return false;
  const each = braced.split(',').map((name) => name.trim());
  return each.filter(Boolean).every((name) => name.startsWith('type '));
}

/** The ways that lead back to where they began: each as the places on it. */
export function circles(known: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (place: string): void => {
    const at = way.indexOf(place);
    if (at >= 0) found.push([...way.slice(at), place]);
    if (at >= 0 || done.has(place)) return;
    way.push(place);
    for (const next of new Set(known.get(place))) visit(next);
    way.pop();
    done.add(place);
  };
  for (const place of known.keys()) visit(place);
  return found;
}

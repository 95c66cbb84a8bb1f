import { type FunctionName, type OperationName, operations } from '../operations/all.ts';

export interface FunctionRoute {
  readonly name: FunctionName;
  /** Below the doors, as Azure Functions writes it: `threads/{thread_id}/runs/{run_id?}`. */
  readonly route: string;
}

/** The Azure functions that serve these operations, and the route of each. */
export function functionsOf(names: readonly OperationName[]): FunctionRoute[] {
  const byFunction = Map.groupBy(names, (name) => operations[name].servedBy);
  return [...byFunction].map(([name, served]) => ({
    name,
    route: routeOf(served.map((operation) => operations[operation].path.slice(1))),
  }));
}

/** One path; one with and without its last parameter; or else everything below what the paths have in common. */
function routeOf(paths: readonly string[]): string {
  const [first = '', ...others] = new Set(paths);
  if (others.length === 0) return first;
  const one = paths.find((path) => path.endsWith('}'));
  const isBesideOrAbove = (path: string) => one && [path, parentOf(path)].includes(parentOf(one));
  if (one && paths.every(isBesideOrAbove)) return one.replace(/\}$/, '?}');
  return `${commonStart(paths)}/{*path}`;
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

function commonStart(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split('/'));
  const end = first.findIndex((segment, index) => others.some((other) => other[index] !== segment));
  return (end < 0 ? first : first.slice(0, end)).join('/');
}

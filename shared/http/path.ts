import { type OperationName, operations } from '../operations/all.ts';
import type { Operation } from '../operations/operation.ts';
import type { Dialect } from './dialect.ts';

/** The three prefixes behind which the same API answers; the longest first, because one begins another. */
export const doors = ['openai/v1', 'openai', 'v1'] as const;
export type Door = (typeof doors)[number];

export interface Match {
  readonly name: OperationName;
  readonly params: Readonly<Record<string, string>>;
}

export type Lookup =
  | { readonly found: 'operation'; readonly match: Match }
  | { readonly found: 'path' }
  | { readonly found: 'nothing' };

const table = (Object.entries(operations) as [OperationName, Operation][]).map(([name, operation]) => ({
  name,
  method: operation.method,
  only: operation.only,
  segments: operation.path.split('/').slice(1),
}));
// A literal goes before a parameter: `/threads/runs` is no thread.
table.sort((a, b) => parameters(a.segments) - parameters(b.segments));

function parameters(segments: readonly string[]): number {
  return segments.filter(isParameter).length;
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{');
}

/** Which operation a request means. `pathname` as in the URL, still encoded. HEAD counts as GET. */
export function lookUp(method: string, pathname: string, dialect: Dialect): Lookup {
  const segments = withoutDoor(pathname);
  if (!segments) return { found: 'nothing' };
  const fitting = table.filter(
    ({ only, segments: template }) => (only ?? dialect) === dialect && fits(template, segments),
  );
  const wanted = method === 'HEAD' ? 'GET' : method;
  const operation = fitting.find((candidate) => candidate.method === wanted);
  if (!operation) return { found: fitting.length > 0 ? 'path' : 'nothing' };
  const params = operation.segments.flatMap((segment, index) =>
    isParameter(segment) ? [[segment.slice(1, -1), decode(segments[index] ?? '')]] : [],
  );
  return { found: 'operation', match: { name: operation.name, params: Object.fromEntries(params) } };
}

function withoutDoor(pathname: string): string[] | undefined {
  const path = pathname.replace(/\/$/, '');
  const door = doors.find((candidate) => path.startsWith(`/${candidate}/`));
  return door && path.slice(door.length + 2).split('/');
}

function fits(template: readonly string[], segments: readonly string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((part, index) => (isParameter(part) ? segments[index] !== '' : part === segments[index]))
  );
}

/** Percent-decoded; a broken sequence stays as it is, because such an id is simply not found. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** One compiled ASP.NET route template, as far as Functions apps use them: `{a}`, `{a?}`, `{a:int}`, `{*rest}`. */
export interface RouteTemplate {
  readonly text: string;
  /** Per segment; compared from the left, lower wins: literal, constrained, parameter, catch-all. */
  readonly precedence: readonly number[];
  /** Values of the parameters, or undefined when the path (decoded segments) does not match. */
  match(segments: readonly string[]): Record<string, string> | undefined;
}

type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly optional: boolean; readonly test?: RegExp }
  | { readonly kind: 'rest'; readonly name: string };

const constraints: Readonly<Record<string, RegExp>> = {
  int: /^-?\d{1,10}$/,
  long: /^-?\d{1,19}$/,
  bool: /^(true|false)$/i,
  guid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  alpha: /^[a-z]*$/i,
};

/** @throws for what the real host would refuse, and for template features that this host does not know. */
export function parseRouteTemplate(text: string): RouteTemplate {
  if (/^(admin|runtime)(\/|$)/i.test(text)) {
    throw new Error(`Route "${text}": the Functions host keeps "admin" and "runtime" for itself`);
  }
  const segments = text
    .split('/')
    .filter((part) => part !== '')
    .map((part) => parseSegment(part, text));
  const flawed = segments.some(
    (segment, index) =>
      index < segments.length - 1 &&
      (segment.kind === 'rest' || (segment.kind === 'parameter' && segment.optional)),
  );
  if (flawed) throw new Error(`Route "${text}": only the last segment may be optional or a catch-all`);
  return { text, precedence: segments.map(rank), match: (path) => match(segments, path) };
}

/** Sorts as ASP.NET does; of two equal ones the first registered stays first. */
export function byPrecedence(a: RouteTemplate, b: RouteTemplate): number {
  for (let index = 0; index < Math.max(a.precedence.length, b.precedence.length); index += 1) {
    const difference = (a.precedence[index] ?? 0) - (b.precedence[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function parseSegment(part: string, route: string): Segment {
  if (!/[{}]/.test(part)) return { kind: 'literal', text: part.toLowerCase() };
  const inner = /^\{(\*{0,2})([a-z_][\w-]*)(?::([a-z]+))?(\?)?\}$/i.exec(part);
  const [, stars = '', name = '', constraint, optional] = inner ?? [];
  const test = constraint === undefined ? undefined : constraints[constraint.toLowerCase()];
  if (!inner || (constraint !== undefined && !test)) {
    throw new Error(`Route "${route}": the local host does not understand "${part}"`);
  }
  if (stars !== '') return { kind: 'rest', name };
  return { kind: 'parameter', name, optional: optional === '?', ...(test ? { test } : {}) };
}

function rank(segment: Segment): number {
  if (segment.kind === 'literal') return 1;
  if (segment.kind === 'rest') return 5;
  return segment.test ? 2 : 3;
}

function match(template: readonly Segment[], path: readonly string[]): Record<string, string> | undefined {
  const values: Record<string, string> = {};
  for (const [index, segment] of template.entries()) {
    const part = path[index];
    if (segment.kind === 'rest') {
      const rest = path.slice(index).join('/');
      if (rest !== '') values[segment.name] = rest;
      return values;
    }
    if (part === undefined || part === '') {
      if (segment.kind === 'parameter' && segment.optional && path.length <= index) return values;
      return undefined;
    }
    if (segment.kind === 'literal') {
      if (part.toLowerCase() !== segment.text) return undefined;
    } else {
      if (segment.test && !segment.test.test(part)) return undefined;
      values[segment.name] = part;
    }
  }
  return path.length === template.length ? values : undefined;
}

import type { RegisteredFunction } from './app-registry.ts';
import { byPrecedence, parseRouteTemplate, type RouteTemplate } from './route-template.ts';

export interface HttpRoute {
  readonly fn: RegisteredFunction;
  /** The trigger's binding name, under which the invocation expects its input. */
  readonly binding: string;
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  /** `pathname` as `URL` gives it. A wrong method is no match, as in Azure: another route may want it. */
  find(method: string, pathname: string): HttpRoute | undefined;
}

interface Entry {
  readonly fn: RegisteredFunction;
  readonly binding: string;
  readonly methods: ReadonlySet<string>;
  readonly template: RouteTemplate;
}

export function createRouter(functions: Iterable<RegisteredFunction>, routePrefix: string): Router {
  const entries: Entry[] = [];
  for (const fn of functions) {
    for (const [binding, trigger] of Object.entries(fn.metadata.bindings)) {
      if (trigger.type.toLowerCase() !== 'httptrigger') continue;
      const route = trigger.route ?? fn.metadata.name;
      entries.push({
        fn,
        binding,
        methods: new Set((trigger.methods ?? ['GET', 'POST']).map((method) => method.toUpperCase())),
        template: parseRouteTemplate(routePrefix === '' ? route : `${routePrefix}/${route}`),
      });
    }
  }
  entries.sort((a, b) => byPrecedence(a.template, b.template));
  return {
    find: (method, pathname) => {
      const path = segments(pathname);
      for (const { fn, binding, methods, template } of entries) {
        const params = methods.has(method) ? template.match(path) : undefined;
        if (params) return { fn, binding, params };
      }
      return undefined;
    },
  };
}

/** Percent-decoded except for `%2F`; one slash at the end does not count. */
function segments(pathname: string): string[] {
  const parts = pathname.slice(1).split('/');
  if (parts.at(-1) === '') parts.pop();
  return parts.map(decode);
}

/** Decodes run by run, so that one broken sequence does not spoil the rest. */
function decode(part: string): string {
  return part.replace(/(?:%(?!2f)[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run; // Not UTF-8: ASP.NET leaves it encoded, too.
    }
  });
}

import { app, type HttpMethod } from '@azure/functions';

import type { OperationName } from '../operations/all.ts';
import type { Handlers } from './call.ts';
import { watchConnections } from './disconnect.ts';
import { createEndpoint, type Endpoint, type EndpointServices } from './endpoint.ts';
import { doors } from './path.ts';
import { functionsOf } from './routes.ts';

/** All of them: a wrong method is answered here, in the API's words. The host alone would say 404. */
const methods: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Registers the functions that serve these operations. */
export function serve<S extends EndpointServices>(
  handlers: Partial<Handlers<S>>,
  provide: () => Promise<S>,
): void {
  const handler = createEndpoint(handlers, provide);
  for (const { name, route } of functionsOf(Object.keys(handlers) as OperationName[])) {
    register(name, route, handler);
  }
}

/** Registers a function for whatever no other one takes: 404 in the API's words. */
export function serveUnknownUrls<S extends EndpointServices>(name: string, provide: () => Promise<S>): void {
  register(name, '{*path}', createEndpoint({}, provide));
}

/**
 * One function for each door: `assistants`, `assistants-openai`, `assistants-openai-v1`.
 *
 * Azure tries routes in alphabetical order of the functions' names, not by precedence
 * (azure-functions-nodejs-library issue 300): no two routes may overlap, except with one that is named last.
 */
function register(name: string, route: string, handler: Endpoint): void {
  watchConnections();
  for (const door of doors) {
    app.http(door === 'v1' ? name : `${name}-${door.replace('/', '-')}`, {
      methods,
      authLevel: 'anonymous',
      route: `${door}/${route}`,
      handler,
    });
  }
}

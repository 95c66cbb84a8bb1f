import { app, type HttpMethod } from '@azure/functions';

import type { Handlers } from './call.ts';
import { watchConnections } from './disconnect.ts';
import { createEndpoint, type EndpointServices } from './endpoint.ts';
import { doors } from './path.ts';

/** All of them: a wrong method is answered here, in the API's words. The host alone would say 404. */
const methods: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Registers one function for each door: `assistants`, `assistants-openai`, `assistants-openai-v1`.
 *
 * Azure tries routes in alphabetical order of the functions' names, not by precedence
 * (azure-functions-nodejs-library issue 300): no two routes may overlap, except with one that is named last.
 */
export function serve<S extends EndpointServices>(
  name: string,
  route: string,
  handlers: Handlers<S>,
  provide: () => Promise<S>,
): void {
  watchConnections();
  const handler = createEndpoint(handlers, provide);
  for (const door of doors) {
    app.http(door === 'v1' ? name : `${name}-${door.replace('/', '-')}`, {
      methods,
      authLevel: 'anonymous',
      route: `${door}/${route}`,
      handler,
    });
  }
}

import { app } from '@azure/functions';

import { openApiDocument } from '../shared/operations/openapi.ts';

let text: string | undefined;

/** For generators of clients. Open to all: it tells the shape of the API, nothing of the deployment. */
app.http('openapi', {
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  route: 'openapi.json',
  handler: async () => {
    text ??= JSON.stringify(openApiDocument());
    return {
      headers: { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' },
      body: text,
    };
  },
});

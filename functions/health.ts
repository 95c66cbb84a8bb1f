import { app, type HttpResponseInit } from '@azure/functions';

import { hasModel } from '../shared/config.ts';
import { createReadiness, soon } from '../shared/http/health.ts';
import { services } from '../shared/services.ts';

/** For load balancers and monitors: without a key, and without a word about what is inside. */
app.http('healthz', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'healthz',
  handler: () => ({ status: 200, headers: { 'cache-control': 'no-store' }, jsonBody: { status: 'alive' } }),
});

let readiness: (() => Promise<HttpResponseInit>) | undefined;

app.http('readyz', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'readyz',
  handler: async () => {
    try {
      const { account, clock, config, log } = await soon(services());
      readiness ??= createReadiness(
        [
          {
            name: 'storage',
            check: async (abortSignal) =>
              void (await account.container('files').getProperties({ abortSignal })),
          },
          {
            name: 'queue',
            check: async (abortSignal) => void (await account.queue('runs').getProperties({ abortSignal })),
          },
          {
            name: 'model',
            check: async () => {
              if (!hasModel(config)) throw new Error('no model is configured');
            },
          },
        ],
        clock,
        log,
      );
      return await readiness();
    } catch {
      // Services that cannot be made are the clearest case of all; why is in the logs.
      return { status: 503, headers: { 'cache-control': 'no-store' }, jsonBody: { status: 'not ready' } };
    }
  },
});

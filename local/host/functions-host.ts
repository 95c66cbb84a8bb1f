import { join } from 'node:path';

import { injectCore } from './app-registry.ts';
import { readBodyLimit } from './body-limit.ts';
import { queueSettings, readHostJson } from './host-json.ts';
import { createHttpFront } from './http-front.ts';
import { createInvocations } from './invocation.ts';
import { listenOnLoopback, loadApp, startLibraryProxy } from './load-app.ts';
import { createLog, describeError, type HostLog } from './log.ts';
import { startQueueTriggers } from './queue-triggers.ts';
import { createRouter } from './router.ts';

export interface FunctionsHost {
  readonly url: string;
  readonly log: HostLog;
  /**
   * Stops listening, lets what runs finish for at most `limitMs`, then runs the app's appTerminate hooks.
   * @returns the names of functions that were still running at the limit.
   */
  drain(limitMs: number): Promise<readonly string[]>;
}

export interface FunctionsHostOptions {
  /** The folder with host.json; patterns and relative paths start there. */
  readonly root: string;
  /** Which files hold the app, as `main` in package.json. */
  readonly pattern: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly environment: Record<string, string | undefined>;
  /** How long functions of queues take to wake; 0 by default. */
  readonly coldQueueMs?: number;
}

/**
 * A light Functions host: the real app in the real library, HTTP on loopback, real queues. One per process,
 * because the library keeps its state in module variables.
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { environment, root } = options;
  const hostJson = await readHostJson(join(root, 'host.json'), environment);
  const log = createLog(hostJson.logging.logLevel);
  const app = injectCore(log);
  const startedAt = performance.now();
  const files = await loadApp(root, options.pattern);
  const loadMs = Math.round(performance.now() - startedAt);
  const count = `${app.functions.size} functions of ${files.length} files`;
  log.write('information', 'host', `${count} loaded in ${loadMs} ms`);

  const hookData = {};
  await app.runHooks('appStart', { hookData });
  const libraryUrl = await startLibraryProxy(app.model());
  const invocations = createInvocations(app, log);
  const router = createRouter(app.functions.values(), hostJson.extensions.http.routePrefix);
  const maxBodyBytes = readBodyLimit(environment);
  const front = createHttpFront({ router, invocations, libraryUrl, maxBodyBytes, log });
  const port = await listenOnLoopback(front, options.port);
  const settings = queueSettings(hostJson);
  const functions = app.functions.values();
  const listeners = await startQueueTriggers({
    functions,
    invocations,
    settings,
    environment,
    log,
    coldMs: options.coldQueueMs ?? 0,
  });

  const finish = async () => {
    await Promise.all(listeners.map((listener) => listener.stop()));
    await Promise.all([invocations.idle(), ...listeners.map((listener) => listener.idle())]);
  };
  const drain = async (limitMs: number) => {
    front.close();
    // A kept-alive connection that falls idle later must not hold the server, nor bring new requests.
    const sweep = setInterval(() => front.closeIdleConnections(), 100);
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, limitMs);
    await Promise.race([finish(), limit.promise]);
    clearTimeout(timer);
    clearInterval(sweep);
    const left = invocations.running();
    await app.runHooks('appTerminate', { hookData }).catch((error: unknown) => {
      log.write('error', 'host', `appTerminate failed: ${describeError(error)}`);
    });
    return left;
  };
  return { url: `http://127.0.0.1:${port}`, log, drain };
}

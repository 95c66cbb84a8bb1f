import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { type ArmEmulator, startArmEmulator } from './arm/emulator.ts';
import { startAzurite } from './azurite.ts';
import { buildPlayground, builtPlayground } from './build-playground.ts';
import { startDemoModel } from './demo-model/server.ts';
import { type HostProcess, startHostProcess } from './host-process.ts';
import { hasModel, hostEnvironment } from './settings.ts';
import { findPython } from './setup/find-python.mjs';

export interface EmulationOptions {
  /** Port of the API; 0 (the default) = any free one. */
  readonly port?: number;
  /** Where Azurite keeps its data; without it everything is in memory and gone at the end. */
  readonly dataDir?: string;
  /** `name:key,…` as the setting API_KEYS; default: one fresh key. */
  readonly apiKeys?: string;
  /** Settings of the app and, for AzureWebJobsStorage, SESSION_ISOLATION and a model, of the emulation itself. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Sandboxes kept warm; default 1. */
  readonly warm?: number;
  /** How long running work may take to finish at the end, in seconds; default 25. */
  readonly drainSeconds?: number;
  /** Receives the host's log as it comes. */
  readonly onLog?: (text: string) => void;
}

export interface Emulation {
  /** Of the API, without `/v1`. */
  readonly url: string;
  /** The first key of `apiKeys`. */
  readonly apiKey: string;
  /** The model's name to try things with; undefined when a real model is configured and MODELS names none. */
  readonly model: string | undefined;
  readonly storage: string;
  readonly arm: ArmEmulator;
  readonly host: HostProcess;
  /** Resolves with a sentence when the host or Azurite ends without having been stopped. */
  readonly broken: Promise<string>;
  /**
   * Ends the host in order and starts it anew at the same address, with the app's code as it is by then.
   * @throws when it cannot start; everything else goes on, and a later restart may succeed
   */
  restartHost(): Promise<void>;
  /** Ends everything in order: the host finishes first. */
  stop(): Promise<void>;
}

/**
 * Starts everything that a whole Hourglass needs on this machine: storage (unless AzureWebJobsStorage is set),
 * Python sessions, a model (unless one is configured), and the Functions host with the app.
 * @throws when a part cannot start; the others are stopped then.
 */
export async function startEmulation(options: EmulationOptions = {}): Promise<Emulation> {
  const caller = options.environment ?? { PATH: process.env.PATH };
  const apiKeys = options.apiKeys || caller.API_KEYS || `hg-${randomBytes(24).toString('base64url')}`;
  const stops: (() => Promise<void>)[] = [];
  /** Latest first: whoever uses a part stops before it. */
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  const part = async <T extends { stop(): Promise<void> }>(starting: Promise<T> | undefined) => {
    const started = await starting;
    if (started) stops.push(() => started.stop());
    return started;
  };
  try {
    const starting = [
      part(caller.AzureWebJobsStorage ? undefined : startAzurite(azuriteOptions(options.dataDir))),
      part(startSessions(caller, options.warm)),
      part(hasModel(caller) ? undefined : startDemoModel()),
      buildPlayground(builtPlayground, { smallest: false }),
    ] as const;
    // All are awaited before an error is told, so that what did start is stopped.
    await Promise.allSettled(starting);
    const [azurite, arm, demoModel] = await Promise.all(starting);
    const storage = caller.AzureWebJobsStorage || azurite?.connectionString;
    if (!storage || !arm) throw new Error('Neither storage nor sessions can be missing here');
    const environment = hostEnvironment(caller, {
      storage,
      apiKeys,
      armUrl: arm.url,
      demoModelUrl: demoModel?.url,
    });
    const drainSeconds = options.drainSeconds ?? 25;
    const broken = Promise.withResolvers<string>();
    let host: HostProcess | undefined;
    const startHost = async (port: number) => {
      const started = await startHostProcess({
        environment,
        drainSeconds,
        port,
        ...(options.onLog ? { onLog: options.onLog } : {}),
      });
      host = started;
      void started.exited.then((how) => {
        if (host === started) broken.resolve(`The Functions host ended (${how}).`);
      });
      return started;
    };
    const stopHost = async () => {
      const running = host;
      host = undefined;
      await running?.stop((drainSeconds + 5) * 1000);
    };
    stops.push(stopHost);
    void azurite?.exited.then((how) => broken.resolve(`Azurite ended (${how}).`));
    const first = await startHost(options.port ?? 0);
    return {
      url: first.url,
      apiKey: firstKey(apiKeys),
      model: environment.MODELS?.split(',')[0]?.trim() || undefined,
      storage,
      arm,
      get host() {
        return host ?? first;
      },
      broken: broken.promise,
      restartHost: async () => {
        await stopHost();
        await startHost(Number(new URL(first.url).port));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function azuriteOptions(dataDir: string | undefined) {
  return dataDir === undefined ? {} : { dataDir: join(dataDir, 'azurite') };
}

function startSessions(caller: Readonly<Record<string, string | undefined>>, warm: number | undefined) {
  const python = findPython(caller);
  if (!python) throw new Error('No Python has the modules of the session agent: run node local/setup.mjs');
  return startArmEmulator({
    python,
    isolation: caller.SESSION_ISOLATION === 'none' ? 'none' : 'bubblewrap',
    ...(warm === undefined ? {} : { warm }),
  });
}

/** `team-a:KEY1,KEY2` → `KEY1`. */
function firstKey(apiKeys: string): string {
  const entry = apiKeys.split(',')[0]?.trim() ?? '';
  return entry.slice(entry.indexOf(':') + 1);
}

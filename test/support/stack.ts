import OpenAI from 'openai';

import type { ArmEmulator } from '../../local/arm/emulator.ts';
import type { HostProcess } from '../../local/host-process.ts';
import { emulatedSessions } from '../../local/settings.ts';
import { testStorage } from './azurite.ts';
import { assertNoHandlerThrew, startHost } from './host.ts';
import { type ScriptedModel, startScriptedModel } from './scripted-model.ts';
import { startTestEmulator } from './sessions.ts';

/** Everything an application meets: a host process on its own port, real storage, sandboxes, a scripted model. */
export interface Stack extends AsyncDisposable {
  readonly host: HostProcess;
  readonly arm: ArmEmulator;
  readonly model: ScriptedModel;
  readonly environment: Readonly<Record<string, string>>;
  /** The official client with nothing but base URL and key changed. */
  client(key?: string): OpenAI;
}

let stacks = 0;

/**
 * @param environment settings beside, or over, those of a working deployment
 * @param app where the app's files are, when it is not these sources that run
 */
export async function startStack(
  environment: Record<string, string> = {},
  app: { readonly root?: string; readonly functions?: string } = {},
): Promise<Stack> {
  const storage = await testStorage();
  const [arm, model] = await Promise.all([startTestEmulator({ warm: 1 }), startScriptedModel()]);
  const settings: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    AzureWebJobsStorage: storage.connectionString,
    STORAGE_PREFIX: `${storage.prefix}s${++stacks}`,
    API_KEYS: 'team-a:KEY-A,team-b:KEY-B',
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'none',
    MODELS: 'scripted',
    // As deployed: the platform's default of 100 MiB is below the API's 512 MB for a file.
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(540 * 1024 * 1024),
    ...emulatedSessions(arm.url),
    ...environment,
  };
  const host = await startHost({ ...app, environment: settings }).catch(async (error: unknown) => {
    await Promise.all([arm.stop(), model.stop()]);
    throw error;
  });
  return {
    host,
    arm,
    model,
    environment: settings,
    client: (key = 'KEY-A') => new OpenAI({ baseURL: `${host.url}/v1`, apiKey: key }),
    async [Symbol.asyncDispose]() {
      await host.stop();
      await Promise.all([arm.stop(), model.stop()]);
      assertNoHandlerThrew(host);
    },
  };
}

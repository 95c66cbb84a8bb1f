/** What the parts of the emulation offer to the app. */
export interface Emulated {
  /** Connection string. */
  readonly storage: string;
  readonly apiKeys: string;
  readonly armUrl: string;
  /** Base URL of the demo model; undefined when a real model is configured. */
  readonly demoModelUrl: string | undefined;
}

type Environment = Record<string, string | undefined>;

/** Azure's default of 100 MB is below the API's 512 MB per file; the Bicep templates set the same. */
const BODY_LIMIT_BYTES = 600 * 1024 * 1024;

/** Whether the caller's environment names a model, so that the demo model is not needed. */
export function hasModel(environment: Environment): boolean {
  return Boolean(
    environment.OPENAI_BASE_URL || environment.AZURE_OPENAI_ENDPOINT || environment.OPENAI_API_KEY,
  );
}

/**
 * The app's environment in local emulation, made in this one place: the caller's own, with what is emulated
 * added. The names are those of `shared/config.ts`.
 */
export function hostEnvironment(caller: Environment, emulated: Emulated): Environment {
  const model =
    emulated.demoModelUrl === undefined
      ? {}
      : { OPENAI_BASE_URL: emulated.demoModelUrl, OPENAI_API_KEY: 'demo', MODELS: caller.MODELS ?? 'demo' };
  return {
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(BODY_LIMIT_BYTES),
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    PLAYGROUND: 'on',
    ...caller,
    // Queue triggers name it, so it must not be left to the app's default.
    STORAGE_PREFIX: caller.STORAGE_PREFIX || 'hourglass',
    // A line for each request would bury the rest of the log, and nobody else is here.
    AUDIT: caller.AUDIT || 'off',
    ...model,
    AzureWebJobsStorage: emulated.storage,
    API_KEYS: emulated.apiKeys,
    ...emulatedSessions(emulated.armUrl),
  };
}

/** Where sessions are made. The names are what only Azure would look up; the emulator takes any. */
export const emulatedSessions = (armUrl: string) => ({
  SESSION_ARM_ENDPOINT: armUrl,
  SESSION_SUBSCRIPTION_ID: '00000000-0000-0000-0000-000000000000',
  SESSION_RESOURCE_GROUP: 'hourglass-local',
  SESSION_LOCATION: 'local',
  SESSION_IMAGE: 'hourglass-session',
});

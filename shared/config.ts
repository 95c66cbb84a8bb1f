import { z } from 'zod';
import { SHORTEST_KEY, shortKeyOf } from './callers/api-keys.ts';
import { auditModes } from './callers/audit.ts';
import { readCallers } from './callers/callers.ts';
import { HOUR, MINUTE, SECOND } from './clock.ts';
import { parseContextSizes } from './model/context.ts';
import { isLoopback } from './sessions/loopback.ts';
import { sessionPlaces } from './sessions/place-settings.ts';

/**
 * Environment → frozen configuration. The only reader of `process.env` in the deployed app.
 * A wrong value stops the start with one line per problem, naming the variable and an example.
 */
const seconds = (fallback: number, minimum: number, maximum: number) =>
  number(fallback / SECOND, minimum, maximum, 'seconds');
const count = (fallback: number, minimum: number, maximum: number) =>
  number(fallback, minimum, maximum).refine(Number.isInteger, 'must be a whole number');
const number = (fallback: number, minimum: number, maximum: number, unit = '') => {
  const error = `must be a number${unit && ` of ${unit}`} from ${minimum} to ${maximum}, for example ${fallback}`;
  return z.coerce.number({ error }).min(minimum, { error }).max(maximum, { error }).default(fallback);
};
const url = z.url({
  protocol: /^https?$/,
  error: 'must be an http or https address, for example https://name.example.com',
});

export const settings = z.object({
  AzureWebJobsStorage: z.string().optional(),
  AzureWebJobsStorage__accountName: z.string().optional(),
  AzureWebJobsStorage__blobServiceUri: url.optional(),
  AzureWebJobsStorage__queueServiceUri: url.optional(),
  AzureWebJobsStorage__tableServiceUri: url.optional(),
  AzureWebJobsStorage__clientId: z.string().optional(),
  /** Prefix of tables, queues and containers: several installations (or tests) in one account. */
  STORAGE_PREFIX: z
    .string()
    .regex(
      /^[a-z][a-z0-9]{0,19}$/,
      'must be 1 to 20 small letters and digits, a letter first, for example hourglass',
    )
    .default('hourglass'),
  API_KEYS: z.string().default(''),
  /** Where access tokens come from; other ones are for sovereign clouds and tests. */
  ENTRA_AUTHORITY: url.default('https://login.microsoftonline.com'),
  ENTRA_TENANTS: z.string().default(''),
  ENTRA_AUDIENCES: z.string().default(''),
  ENTRA_CALLERS: z.string().default(''),
  /** Where it is written who did what. */
  AUDIT: z.enum(auditModes, { error: 'must be off, log or blob' }).default('log'),
  RATE_LIMIT_PER_MINUTE: count(6000, 1, 1_000_000),
  /** Requests without a valid key, by address. */
  AUTH_FAILURES_PER_MINUTE: count(60, 1, 1_000_000),
  STREAMS_PER_KEY: count(500, 1, 100_000),
  FOLLOWERS_PER_RUN: count(50, 1, 100_000),
  /** Off unless asked for: in Azure, an API's address should be an API. `npm start` turns it on. */
  PLAYGROUND: z.enum(['on', 'off'], { error: 'must be on or off' }).default('off'),
  MAX_FILE_BYTES: count(512 * 1024 * 1024, 1, 5 * 1024 ** 4),
  /** What one request may carry where the platform holds whole bodies in memory; by default as much as a file may have. */
  MAX_DIRECT_UPLOAD_BYTES: count(5 * 1024 ** 4, 1, 5 * 1024 ** 4),
  OPENAI_BASE_URL: url.optional(),
  OPENAI_API_KEY: z.string().optional(),
  AZURE_OPENAI_ENDPOINT: url.optional(),
  AZURE_OPENAI_API_KEY: z.string().optional(),
  AZURE_OPENAI_API_VERSION: z.string().default('2024-10-21'),
  /** The models (or deployments) that `GET /models` lists, separated by commas. */
  MODELS: z.string().default(''),
  /** Context sizes in tokens: `gpt-4o=128000,*=128000`. */
  MODEL_CONTEXT_TOKENS: z.string().default('*=128000'),
  /** The model (or deployment) that texts are compared by; none: by their words alone. */
  EMBEDDING_MODEL: z.string().optional(),
  EMBEDDING_DIMENSIONS: count(256, 1, 4096),
  MODEL_IDLE_TIMEOUT_SECONDS: seconds(120 * SECOND, 1, 600),
  /** How long a model that answers nothing but "too many requests" is asked again. */
  MODEL_PATIENCE_SECONDS: seconds(120 * SECOND, 1, 86_400),
  RUN_TTL_SECONDS: seconds(10 * MINUTE, 1, 86_400),
  /** Well below `functionTimeout` in host.json, at which the platform ends the process and all its work. */
  RUN_SLICE_SECONDS: seconds(10 * MINUTE, 1, 1_500),
  RUN_LEASE_SECONDS: seconds(30 * SECOND, 1, 300),
  /** Twice what a warm queue takes (host.json, `maxPollingInterval`), so that only a cold one is overtaken. */
  RUN_OVERTAKE_SECONDS: seconds(SECOND, 0.1, 300),
  SESSION_TTL_SECONDS: seconds(HOUR, 5, 3_600),
  SESSION_CALL_TIMEOUT_SECONDS: seconds(120 * SECOND, 1, 3_600),
  SESSION_START_TIMEOUT_SECONDS: seconds(5 * MINUTE, 1, 1_800),
  SESSION_START: z
    .enum(['first-call', 'run-start'], { error: 'must be first-call or run-start' })
    .default('run-start'),
  SESSION_ARM_ENDPOINT: url.default('https://management.azure.com'),
  SESSION_SUBSCRIPTION_ID: z.string().optional(),
  SESSION_RESOURCE_GROUP: z.string().optional(),
  SESSION_LOCATION: z.string().optional(),
  SESSION_IMAGE: z.string().optional(),
  SESSION_SUBNET_ID: z.string().optional(),
  SESSION_REGISTRY_SERVER: z.string().optional(),
  SESSION_REGISTRY_IDENTITY_ID: z.string().optional(),
  /** In each place; half of what Azure gives a region and subscription by default. */
  SESSION_LIMIT_PER_PROJECT: count(50, 1, 100_000),
  SESSION_CPU: number(1, 1, 31),
  SESSION_MEMORY_GB: number(2, 1, 240, 'GB'),
  SESSION_STANDBY_POOL: z.string().optional(),
  SESSION_CONTAINER_GROUP_PROFILE: z.string().optional(),
  /** More places than the one above, as JSON: shared/sessions/place-settings.ts. */
  SESSION_PLACES: sessionPlaces,
  SESSION_MAX_SAVED_FILE_BYTES: count(512 * 1024 * 1024, 1, 5 * 1024 ** 4),
  SESSION_MAX_SAVED_FILES: count(100, 1, 10_000),
  AZURE_CLIENT_ID: z.string().optional(),
  APPLICATIONINSIGHTS_CONNECTION_STRING: z.string().optional(),
  /** Crash tests only: the named point at which the process kills itself. */
  HOURGLASS_CRASH_AT: z.string().optional(),
});

type Settings = z.output<typeof settings>;

/** Settings give durations in seconds, the code counts in milliseconds: from here on the names say so. */
function inMilliseconds({
  MODEL_IDLE_TIMEOUT_SECONDS,
  MODEL_PATIENCE_SECONDS,
  RUN_TTL_SECONDS,
  RUN_SLICE_SECONDS,
  RUN_LEASE_SECONDS,
  RUN_OVERTAKE_SECONDS,
  SESSION_TTL_SECONDS,
  SESSION_CALL_TIMEOUT_SECONDS,
  SESSION_START_TIMEOUT_SECONDS,
  ...others
}: Settings) {
  return {
    ...others,
    modelIdleTimeoutMs: MODEL_IDLE_TIMEOUT_SECONDS * SECOND,
    modelPatienceMs: MODEL_PATIENCE_SECONDS * SECOND,
    runTtlMs: RUN_TTL_SECONDS * SECOND,
    runSliceMs: RUN_SLICE_SECONDS * SECOND,
    runLeaseMs: RUN_LEASE_SECONDS * SECOND,
    runOvertakeMs: RUN_OVERTAKE_SECONDS * SECOND,
    sessionTtlMs: SESSION_TTL_SECONDS * SECOND,
    sessionCallTimeoutMs: SESSION_CALL_TIMEOUT_SECONDS * SECOND,
    sessionStartTimeoutMs: SESSION_START_TIMEOUT_SECONDS * SECOND,
  };
}

/** Each value under its setting's name, durations under names of their own. */
export type Config = Readonly<ReturnType<typeof inMilliseconds>>;

export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`Hourglass cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** What the platform gives the app where it cannot read the secret: the reference itself, as if it were the key. */
const UNRESOLVED = /^@Microsoft\.KeyVault\(/i;

/** @throws {ConfigError} naming every missing or wrong setting at once. */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  const given = Object.fromEntries(
    Object.keys(settings.shape)
      .map((name) => [name, environment[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = settings.safeParse(given);
  const unresolved = new Set(Object.keys(given).filter((name) => UNRESOLVED.test(given[name] ?? '')));
  const wrong = [
    ...[...unresolved].map((name) => ({ name, message: 'the reference to Key Vault is not resolved' })),
    ...(parsed.error?.issues.map(({ path, message }) => ({ name: String(path[0]), message })) ?? []),
  ];
  // The rest is judged all the same, so that nobody corrects one setting only to meet the next problem.
  const names = new Set(wrong.map(({ name }) => name));
  const rest = settings.parse(Object.fromEntries(Object.entries(given).filter(([name]) => !names.has(name))));
  const problems = [
    ...wrong.map(({ name, message }) => `${name}: ${message}`),
    ...missing(rest, (name) => given[name] !== undefined).filter(
      (problem) => !unresolved.has(problem.split(':', 1)[0] ?? ''),
    ),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(inMilliseconds(parsed.data));
}

/** Whether any model server is named. */
export const hasModel = (
  config: Pick<Settings, 'OPENAI_BASE_URL' | 'AZURE_OPENAI_ENDPOINT' | 'OPENAI_API_KEY'>,
): boolean => Boolean(config.OPENAI_BASE_URL ?? config.AZURE_OPENAI_ENDPOINT ?? config.OPENAI_API_KEY);

const CONNECTION_STRING = /(^|;)\s*(UseDevelopmentStorage=true|(AccountName|\w+Endpoint)=[^;\s]+)/i;

/** @param isGiven whether a setting has a value, be it a wrong one */
function missing(config: Settings, isGiven: (name: keyof Settings) => boolean): string[] {
  const problems: string[] = [];
  const services = ['blob', 'queue', 'table'] as const;
  const identityBased =
    isGiven('AzureWebJobsStorage__accountName') ||
    services.every((service) => isGiven(`AzureWebJobsStorage__${service}ServiceUri`));
  if (!config.AzureWebJobsStorage && !identityBased) {
    problems.push(
      'AzureWebJobsStorage: no storage is named; set it to a connection string, or set AzureWebJobsStorage__accountName (identity-based), for example AzureWebJobsStorage=UseDevelopmentStorage=true',
    );
  } else if (config.AzureWebJobsStorage && !CONNECTION_STRING.test(config.AzureWebJobsStorage)) {
    problems.push(
      'AzureWebJobsStorage: is no connection string, for example AzureWebJobsStorage=UseDevelopmentStorage=true',
    );
  }
  if (!hasModel(config) && !isGiven('OPENAI_BASE_URL') && !isGiven('AZURE_OPENAI_ENDPOINT')) {
    problems.push(
      'AZURE_OPENAI_ENDPOINT: no model is named; set AZURE_OPENAI_ENDPOINT=https://NAME.openai.azure.com, or OPENAI_API_KEY, or OPENAI_BASE_URL=http://127.0.0.1:11434/v1',
    );
  }
  for (const name of [
    'SESSION_SUBSCRIPTION_ID',
    'SESSION_RESOURCE_GROUP',
    'SESSION_LOCATION',
    'SESSION_IMAGE',
  ] as const) {
    if (!config[name])
      problems.push(`${name}: not set, so no Python session could be started (Bicep sets it)`);
  }
  const short = config.API_KEYS && shortKeyOf(config.API_KEYS);
  if (short && !isLoopback(new URL(config.SESSION_ARM_ENDPOINT).hostname)) {
    problems.push(
      `API_KEYS: the key of entry ${short} has fewer than ${SHORTEST_KEY} characters, and could be guessed; openssl rand -hex 24 makes one`,
    );
  }
  // A container group without a subnet gets a public address, and the backend sends its token there by plain http.
  if (!config.SESSION_SUBNET_ID && !isLoopback(new URL(config.SESSION_ARM_ENDPOINT).hostname)) {
    problems.push(
      'SESSION_SUBNET_ID: not set, so Python sessions would listen on public addresses (Bicep sets it); only an emulator, with SESSION_ARM_ENDPOINT on this machine, needs none',
    );
  }
  // A subnet takes groups of its own region alone.
  for (const { name, location, subnetId } of config.SESSION_PLACES) {
    const elsewhere = location !== undefined && location !== config.SESSION_LOCATION;
    if (elsewhere && !subnetId && !isLoopback(new URL(config.SESSION_ARM_ENDPOINT).hostname))
      problems.push(`SESSION_PLACES: the place "${name}" is in ${location} and has no subnetId there`);
  }
  const pool = ['SESSION_STANDBY_POOL', 'SESSION_CONTAINER_GROUP_PROFILE'] as const;
  for (const [index, name] of pool.entries()) {
    const other = pool[1 - index];
    if (other && !config[name] && config[other])
      problems.push(`${name}: not set, though ${other} is; one does nothing without the other`);
  }
  for (const check of [() => readCallers(config), () => parseContextSizes(config.MODEL_CONTEXT_TOKENS)]) {
    const problem = problemOf(check);
    if (problem && !problems.some((known) => known.startsWith(problem.slice(0, 8)))) problems.push(problem);
  }
  return problems;
}

function problemOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return error instanceof RangeError ? `MODEL_CONTEXT_TOKENS: ${error.message}` : (error as Error).message;
  }
}

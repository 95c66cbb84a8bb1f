import { z } from 'zod';

import { HOUR, MINUTE, SECOND } from './clock.ts';
import { readApiKeys } from './http/auth.ts';
import { parseContextSizes } from './model/context.ts';

/**
 * Environment → frozen configuration. The only reader of `process.env` in the deployed app.
 * A wrong value stops the start with one line per problem, naming the variable and an example.
 */
const seconds = (fallback: number, minimum: number, maximum: number) =>
  z.coerce
    .number()
    .min(minimum)
    .max(maximum)
    .default(fallback / SECOND)
    .transform((value) => value * SECOND);
const count = (fallback: number, minimum: number, maximum: number) =>
  z.coerce.number().int().min(minimum).max(maximum).default(fallback);
const url = z.url({ protocol: /^https?$/ });

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
    .regex(/^[a-z][a-z0-9]{0,19}$/)
    .default('hourglass'),
  API_KEYS: z.string().default(''),
  RATE_LIMIT_PER_MINUTE: count(6000, 1, 1_000_000),
  MAX_FILE_BYTES: count(512 * 1024 * 1024, 1, 5 * 1024 ** 4),
  OPENAI_BASE_URL: url.optional(),
  OPENAI_API_KEY: z.string().optional(),
  AZURE_OPENAI_ENDPOINT: url.optional(),
  AZURE_OPENAI_API_KEY: z.string().optional(),
  AZURE_OPENAI_API_VERSION: z.string().default('2024-10-21'),
  /** The models (or deployments) that `GET /models` lists, separated by commas. */
  MODELS: z.string().default(''),
  /** Context sizes in tokens: `gpt-4o=128000,*=128000`. */
  MODEL_CONTEXT_TOKENS: z.string().default('*=128000'),
  MODEL_IDLE_TIMEOUT_SECONDS: seconds(120 * SECOND, 1, 600),
  RUN_TTL_SECONDS: seconds(10 * MINUTE, 1, 86_400),
  RUN_SLICE_SECONDS: seconds(10 * MINUTE, 1, 3_600),
  RUN_LEASE_SECONDS: seconds(30 * SECOND, 1, 300),
  SESSION_TTL_SECONDS: seconds(HOUR, 5, 3_600),
  SESSION_CALL_TIMEOUT_SECONDS: seconds(120 * SECOND, 1, 3_600),
  SESSION_START_TIMEOUT_SECONDS: seconds(5 * MINUTE, 1, 1_800),
  SESSION_START: z.enum(['first-call', 'run-start']).default('run-start'),
  SESSION_ARM_ENDPOINT: url.default('https://management.azure.com'),
  SESSION_SUBSCRIPTION_ID: z.string().optional(),
  SESSION_RESOURCE_GROUP: z.string().optional(),
  SESSION_LOCATION: z.string().optional(),
  SESSION_IMAGE: z.string().optional(),
  SESSION_SUBNET_ID: z.string().optional(),
  SESSION_REGISTRY_SERVER: z.string().optional(),
  SESSION_REGISTRY_IDENTITY_ID: z.string().optional(),
  SESSION_CPU: z.coerce.number().min(1).max(31).default(1),
  SESSION_MEMORY_GB: z.coerce.number().min(1).max(240).default(2),
  SESSION_STANDBY_POOL: z.string().optional(),
  SESSION_CONTAINER_GROUP_PROFILE: z.string().optional(),
  SESSION_MAX_SAVED_FILE_BYTES: count(512 * 1024 * 1024, 1, 5 * 1024 ** 4),
  SESSION_MAX_SAVED_FILES: count(100, 1, 10_000),
  AZURE_CLIENT_ID: z.string().optional(),
  APPLICATIONINSIGHTS_CONNECTION_STRING: z.string().optional(),
  /** Crash tests only: the named point at which the process kills itself. */
  HOURGLASS_CRASH_AT: z.string().optional(),
});

export type Config = Readonly<z.output<typeof settings>>;

export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`Hourglass cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** @throws {ConfigError} naming every missing or wrong setting at once. */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  const given = Object.fromEntries(
    Object.keys(settings.shape)
      .map((name) => [name, environment[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = settings.safeParse(given);
  const problems = parsed.success
    ? missing(parsed.data)
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(parsed.data);
}

/** Whether any model server is named. */
export const hasModel = (config: Config): boolean =>
  Boolean(config.OPENAI_BASE_URL ?? config.AZURE_OPENAI_ENDPOINT ?? config.OPENAI_API_KEY);

function missing(config: Config): string[] {
  const problems: string[] = [];
  const identityBased =
    config.AzureWebJobsStorage__accountName ??
    (config.AzureWebJobsStorage__blobServiceUri &&
      config.AzureWebJobsStorage__queueServiceUri &&
      config.AzureWebJobsStorage__tableServiceUri);
  if (!config.AzureWebJobsStorage && !identityBased) {
    problems.push(
      'AzureWebJobsStorage: no storage is named; set it to a connection string, or set AzureWebJobsStorage__accountName (identity-based), for example AzureWebJobsStorage=UseDevelopmentStorage=true',
    );
  }
  if (config.API_KEYS.trim() === '') {
    problems.push(
      'API_KEYS: no key is set, so nobody could call the API; for example API_KEYS=team-a:KEY1,team-b:KEY2',
    );
  }
  if (!hasModel(config)) {
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
  for (const check of [
    () => readApiKeys(config.API_KEYS),
    () => parseContextSizes(config.MODEL_CONTEXT_TOKENS),
  ]) {
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

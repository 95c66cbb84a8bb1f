import { readFile } from 'node:fs/promises';
import { z } from 'zod';

import type { LogLevel } from './core-api.ts';

/** `hh:mm:ss`, `hh:mm:ss.fff` or `d.hh:mm:ss`, as .NET writes a TimeSpan → milliseconds. */
const timeSpan = z.string().transform((text, context) => {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?$/.exec(text);
  if (!match) {
    context.addIssue({ code: 'custom', message: `"${text}" is not a time span; for example "00:00:05"` });
    return z.NEVER;
  }
  const [, days = '0', hours, minutes, seconds, fraction = ''] = match;
  const wholeSeconds = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return wholeSeconds * 1000 + Math.round(Number(`0.${fraction || '0'}`) * 1000);
});

const logLevel = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(z.enum(['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none']))
  .transform((level): LogLevel => level);

/** The parts of host.json that this host honours, with the real host's defaults. */
const hostJson = z.object({
  version: z.literal('2.0'),
  logging: z.object({ logLevel: z.record(z.string(), logLevel).default({}) }).prefault({}),
  extensions: z
    .object({
      http: z.object({ routePrefix: z.string().default('api') }).prefault({}),
      queues: z
        .object({
          maxPollingInterval: timeSpan.prefault('00:01:00'),
          visibilityTimeout: timeSpan.prefault('00:00:00'),
          batchSize: z.coerce.number().int().min(1).max(32).default(16),
          maxDequeueCount: z.coerce.number().int().min(1).default(5),
          newBatchThreshold: z.coerce.number().int().min(0).optional(),
          messageEncoding: z
            .string()
            .transform((text) => text.toLowerCase())
            .pipe(z.enum(['base64', 'none']))
            .default('base64'),
        })
        .prefault({}),
    })
    .prefault({}),
});

export type HostJson = z.output<typeof hostJson>;
export type QueueSettings = Omit<HostJson['extensions']['queues'], 'newBatchThreshold'> & {
  readonly newBatchThreshold: number;
};

const OVERRIDE = 'AzureFunctionsJobHost__';

/**
 * Reads host.json. As in Azure, `AzureFunctionsJobHost__a__b` in the environment overrides property `a.b`.
 * @throws naming the property at fault.
 */
export async function readHostJson(
  path: string,
  environment: Record<string, string | undefined>,
): Promise<HostJson> {
  const document = z.looseObject({}).parse(JSON.parse(await readFile(path, 'utf8')));
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith(OVERRIDE) && value !== undefined) {
      override(document, name.slice(OVERRIDE.length).split('__'), value);
    }
  }
  const parsed = hostJson.safeParse(document);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`${path} cannot be used:\n  ${problems.join('\n  ')}`);
}

export function queueSettings(document: HostJson): QueueSettings {
  const queues = document.extensions.queues;
  return { ...queues, newBatchThreshold: queues.newBatchThreshold ?? Math.floor(queues.batchSize / 2) };
}

function override(target: Record<string, unknown>, path: readonly string[], value: string): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  // .NET's configuration keys know no case.
  const key = Object.keys(target).find((name) => name.toLowerCase() === head.toLowerCase()) ?? head;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  const child: Record<string, unknown> =
    typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
  target[key] = child;
  override(child, rest, value);
}

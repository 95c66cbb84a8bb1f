import { z } from 'zod';

/**
 * What an agent may say (docs/session-protocol.md), as schemas. Code in the kernel can forge any of it, so
 * everything has an upper bound, and what does not fit fails the call.
 */
export const MAX_FILES = 10_000;
export const MAX_PATH_BYTES = 4096;
const MAX_FILE_BYTES = 2 ** 50;

/** Relative, `/` between parts, none of them empty, `.` or `..`. */
export function isSafePath(path: string): boolean {
  if (path === '' || path.includes('\0') || !path.isWellFormed()) return false;
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

const count = z.int().min(0).max(MAX_FILE_BYTES);
const text = z.string();
const path = z.string().refine(isSafePath, 'not a path below the data folder');
const generation = z.int().min(0).max(1_000_000_000);
/** Larger than what a JavaScript number holds exactly, so it is kept as the text that was sent. */
const nanoseconds = z.string().regex(/^\d{1,24}$/);

export const agentFile = z.object({ path, bytes: count, mtime_ns: nanoseconds });
export type AgentFile = z.output<typeof agentFile>;

const files = z
  .array(agentFile)
  .max(MAX_FILES)
  .refine((list) => new Set(list.map((file) => file.path)).size === list.length, 'a file is named twice');
export const agentFiles = z.object({ files });

export const health = z.object({
  state: z.enum(['starting', 'idle', 'busy', 'dead']),
  boot_id: z.string().min(1).max(128),
  generation,
  claimed: z.boolean(),
});
export type Health = z.output<typeof health>;

const numbered = { n: z.int().min(0).max(1_000_000_000) };
export const executionLine = z.discriminatedUnion('type', [
  z.object({ ...numbered, type: z.literal('started'), execution_id: text, generation }),
  z.object({ ...numbered, type: z.literal('stream'), name: z.enum(['stdout', 'stderr']), text }),
  z.object({
    ...numbered,
    type: z.literal('display_data'),
    mime: z.enum(['image/png', 'image/jpeg']),
    data: text,
  }),
  z.object({ ...numbered, type: z.literal('execute_result'), text }),
  z.object({ ...numbered, type: z.literal('error'), ename: text, evalue: text, traceback: text }),
  z.object({
    ...numbered,
    type: z.literal('truncated'),
    what: z.enum(['text', 'images']).default('text'),
    limit_bytes: count,
  }),
  z.object({
    ...numbered,
    type: z.literal('kernel_restarted'),
    reason: z.enum(['timeout', 'out_of_memory', 'died', 'requested']),
    generation,
  }),
  z.object({ type: z.literal('heartbeat') }),
  z.object({
    ...numbered,
    type: z.literal('done'),
    status: z.enum(['ok', 'error', 'timeout', 'interrupted', 'kernel_died']),
    ms: z.number().min(0).max(86_400_000),
    files,
    deleted: z.array(path).max(MAX_FILES),
    /** More changed than the lists hold. */
    more: z.boolean().optional(),
  }),
]);
export type ExecutionLine = z.output<typeof executionLine>;

/** Like `JSON.parse`, but `mtime_ns` keeps all its digits. @throws {SyntaxError} */
export function parseAgentJson(json: string): unknown {
  if (!json.includes('"mtime_ns"')) return JSON.parse(json);
  return JSON.parse(json, keepDigits);
}

function keepDigits(key: string, value: unknown, context?: { source?: string }): unknown {
  return key === 'mtime_ns' && typeof value === 'number' ? context?.source : value;
}

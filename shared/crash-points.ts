/**
 * Named points at which a test lets the process die as by `kill -9` (setting HOURGLASS_CRASH_AT), to prove that
 * every gap between two writes is survived. Without the setting a point costs one comparison.
 */
export const runCrashPoints = [
  'after-watchdog-put',
  'after-begin-transaction',
  'after-start-message',
  'while-working-on-watchdog',
  'before-claim',
  'after-claim',
  'mid-stream',
  'after-turn-saved',
  'during-code',
  'after-code-before-result-saved',
  'between-outputs-and-step',
  'before-final-transaction',
  'after-final-transaction',
] as const;

/** The same for files: their uploads, in one request and in parts, and their deletions. */
export const fileCrashPoints = [
  'upload-after-message',
  'upload-after-bytes',
  'upload-after-row',
  'parts-mid-part',
  'parts-after-join',
  'parts-after-row',
  'cancel-after-mark',
  'deletion-after-message',
  'deletion-after-mark',
  'deletion-after-bytes',
] as const;

/** The same for vector stores: files on their way in and out, batches, the index. */
export const searchCrashPoints = [
  'file-after-watchdog-put',
  'file-after-adding',
  'file-before-claim',
  'file-after-extraction',
  'file-mid-embedding',
  'file-after-append',
  'file-mid-removal',
  'batch-after-creation',
  'batch-mid-spread',
  'store-mid-removal',
  'compaction-sealed',
  'compaction-segment-written',
  'compaction-manifest-replaced',
] as const;

export type CrashPoint =
  | (typeof runCrashPoints)[number]
  | (typeof fileCrashPoints)[number]
  | (typeof searchCrashPoints)[number];

export type Crash = (point: CrashPoint) => void;

export function crashAt(setting: string | undefined): Crash {
  return (point) => {
    if (point !== setting) return;
    process.kill(process.pid, 'SIGKILL');
    // The signal arrives asynchronously; nothing may run until then.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
}

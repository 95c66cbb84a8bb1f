/** A terminal's Ctrl-C and a forwarded signal come as two; within this time they are one request. */
const SAME_REQUEST_MS = 1_000;
const PARENT_CHECK_MS = 1_000;

export interface StopRequest {
  received(): boolean;
}

/**
 * Calls `stop` once, at the first SIGINT, SIGTERM or SIGHUP, or when npm, or the set-up that started it,
 * is gone without a word.
 * A second request ends the process at once; children end by themselves then.
 */
export function onStopRequest(stop: (reason: string) => Promise<void>): StopRequest {
  let firstAt: number | undefined;
  const request = (reason: string) => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      stop(reason).catch((error: unknown) => {
        process.stderr.write(`Could not stop in order: ${String(error)}\n`);
        process.exit(1);
      });
    } else if (performance.now() - firstAt > SAME_REQUEST_MS) {
      process.exit(130);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => request(signal));
  const starter = process.env.HOURGLASS_STARTER;
  if (starter !== undefined || process.env.npm_lifecycle_event !== undefined) {
    const parent = starter === undefined ? process.ppid : Number(starter);
    const check = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(check);
      request('What started it has ended');
    }, PARENT_CHECK_MS);
    check.unref();
  }
  return { received: () => firstAt !== undefined };
}

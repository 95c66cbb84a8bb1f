import { SessionError, type SessionLease } from './session.ts';

/**
 * Joins callers of one process that want the same thread's session at the same time: a run that warms it up
 * and its first code call, say. One starts it, the others wait for that, each until its own signal.
 */
export class SharedStarts {
  readonly #running = new Map<string, Promise<SessionLease>>();

  async join(
    threadId: string,
    signal: AbortSignal,
    start: () => Promise<SessionLease>,
  ): Promise<SessionLease> {
    for (;;) {
      const running = this.#running.get(threadId);
      if (!running) return this.#own(threadId, start());
      try {
        return await orAborted(running, signal);
      } catch (error) {
        signal.throwIfAborted();
        // The one who started it was told to stop, or met trouble of its own; a verdict counts for all.
        if (error instanceof SessionError) throw error;
      }
    }
  }

  async #own(threadId: string, starting: Promise<SessionLease>): Promise<SessionLease> {
    this.#running.set(threadId, starting);
    try {
      return await starting;
    } finally {
      this.#running.delete(threadId);
    }
  }
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

import type { Readable } from 'node:stream';

/**
 * The port to Python sessions: one per thread, alive for an hour. Implementations treat everything that
 * comes back as hostile: capped, path-checked, schema-checked.
 */
export interface SessionFile {
  /** Relative to /mnt/data, `/` between parts, never empty, `..`-free. */
  readonly path: string;
  readonly bytes: number;
  /** Modification time in nanoseconds, as decimal text; with `bytes` it tells versions apart. */
  readonly mtime: string;
}

export type ExecutionEvent =
  | { readonly type: 'logs'; readonly text: string }
  | { readonly type: 'image'; readonly mime: 'image/png' | 'image/jpeg'; readonly data: Buffer }
  /** The kernel was replaced: variables are gone. */
  | { readonly type: 'restarted'; readonly reason: 'timeout' | 'out_of_memory' | 'died' | 'requested' }
  | {
      readonly type: 'done';
      readonly status: 'ok' | 'error' | 'timeout' | 'interrupted' | 'kernel_died';
      /** New or changed files, and paths that are gone. */
      readonly files: readonly SessionFile[];
      readonly deleted?: readonly string[];
      /** More changed than is listed. */
      readonly more?: boolean;
    };

export interface Session {
  /** Names one kernel: a change since the last call in this thread means that variables are gone. */
  readonly kernel: string;
  /**
   * Runs code. The same `executionId` again fetches the first outcome instead of running twice.
   * Abort interrupts the code, unless its reason {@link leavesCodeRunning}, and ends the iteration with that reason.
   * @throws {SessionError}
   */
  execute(call: ExecuteCall, signal: AbortSignal): AsyncIterable<ExecutionEvent>;
  putFile(path: string, content: Readable, bytes: number, signal?: AbortSignal): Promise<SessionFile>;
  /** Streams exactly `file.bytes` bytes or fails; more than that is cut by an error. */
  getFile(file: SessionFile, signal?: AbortSignal): Promise<Readable>;
  listFiles(signal?: AbortSignal): Promise<readonly SessionFile[]>;
}

/** Whether an abort's reason says that somebody else will fetch the outcome. */
export const leavesCodeRunning = (reason: unknown): boolean =>
  typeof reason === 'object' &&
  reason !== null &&
  'leavesCodeRunning' in reason &&
  reason.leavesCodeRunning === true;

export interface ExecuteCall {
  readonly executionId: string;
  readonly code: string;
  readonly timeoutMs: number;
}

export interface SessionLease {
  readonly session: Session;
  /** Which of SESSION_PLACES it lives in. */
  readonly place: string;
  /** True when this call started a new container group: /mnt/data is empty. */
  readonly created: boolean;
  /** True when an earlier session of the thread existed and is gone: variables are lost. */
  readonly replaced: boolean;
}

/**
 * A new call needs a session that lives as long as it may take; the outcome of one that was started before is
 * fetched from its session as long as that lives at all.
 */
export type Purpose = 'new call' | 'started call';

export interface Sessions {
  /**
   * The thread's running session; provisions one when there is none (or the old one is dead or past its
   * deadline). Safe to call concurrently and after a crash at any point.
   * @throws {SessionError} with a reason that can be shown to the model and the user.
   */
  acquire(threadId: string, signal: AbortSignal, purpose?: Purpose): Promise<SessionLease>;
  /** Deletes the thread's container group and its row, if any. */
  remove(threadId: string): Promise<void>;
}

/**
 * `lost`: the session is gone (a new `acquire` may help). `unavailable`: none can be had now (quota, capacity).
 * `over_limit`: the project has as many as it may.
 */
export class SessionError extends Error {
  readonly code: 'lost' | 'unavailable' | 'over_limit' | 'rejected' | 'misbehaved';
  constructor(code: SessionError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SessionError';
    this.code = code;
  }
}

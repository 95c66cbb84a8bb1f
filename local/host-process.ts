import { fileURLToPath } from 'node:url';

import { startNodeChild } from './child-process.ts';

const START_TIMEOUT_MS = 60_000;
const entry = fileURLToPath(new URL('./host/main.ts', import.meta.url));
const project = fileURLToPath(new URL('..', import.meta.url));

export interface HostProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves with the exit code or the signal's name. */
  readonly exited: Promise<number | string>;
  /** Everything it has logged or printed so far. */
  logs(): string;
  /** SIGTERM: running functions finish, at most `graceMs` (30 s by default), then SIGKILL. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL: a crash. */
  kill(): Promise<void>;
  /** Any signal, without waiting. */
  signal(name: NodeJS.Signals): void;
}

export interface HostProcessOptions {
  /** The app's folder; this project by default. */
  readonly root?: string;
  /** Which files hold the app; the sources of this project by default. */
  readonly functions?: string;
  /** 0 (the default) = any free one. */
  readonly port?: number;
  /** How long running functions may take to finish after SIGTERM; 25 s by default. */
  readonly drainSeconds?: number;
  /** As if functions of queues were scaled to zero and took so long to wake; 0 by default. */
  readonly coldQueueSeconds?: number;
  /** The whole environment of the host, and so of the app. */
  readonly environment: Record<string, string | undefined>;
  /** Receives what it logs, as it comes. */
  readonly onLog?: (text: string) => void;
}

/**
 * Starts the light Functions host as a child process, which ends when this process does.
 * @throws when it ends or does not listen within 60 s, with what it logged (unless `onLog` has seen it).
 */
export async function startHostProcess(options: HostProcessOptions): Promise<HostProcess> {
  let logs = '';
  let printed = '';
  const listening = Promise.withResolvers<string>();
  const child = startNodeChild({
    args: [
      // A file that streams through leaves garbage behind: a small nursery keeps it from adding up.
      '--max-semi-space-size=2',
      entry,
      ...['--root', options.root ?? project, '--port', String(options.port ?? 0)],
      ...['--functions', options.functions ?? 'functions/*.ts'],
      ...['--drain-seconds', String(options.drainSeconds ?? 25)],
      ...['--cold-queue-seconds', String(options.coldQueueSeconds ?? 0)],
    ],
    cwd: options.root ?? project,
    env: options.environment,
    onStdout: (text) => {
      printed += text;
      logs += text;
      const url = /^\{"listening":"([^"]+)"\}$/m.exec(printed)?.[1];
      if (url) listening.resolve(url);
    },
    onStderr: (text) => {
      logs += text;
      options.onLog?.(text);
    },
  });
  // Logs that were passed on have been seen.
  const fail = (what: string) =>
    listening.reject(new Error(options.onLog ? `${what}.` : `${what}:\n${logs}`));
  void child.exited.then((how) => fail(`The Functions host ended (${how}) before it listened`));
  const timer = setTimeout(() => fail('The Functions host did not listen within 60 s'), START_TIMEOUT_MS);
  try {
    const url = await listening.promise;
    return {
      url,
      pid: child.pid,
      exited: child.exited,
      logs: () => logs,
      stop: (graceMs = 30_000) => child.stop(graceMs),
      kill: () => child.kill(),
      signal: (name) => void child.process.kill(name),
    };
  } catch (error) {
    await child.kill();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

import type { LogLevel } from './core-api.ts';

const order: readonly LogLevel[] = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

export interface HostLog {
  /** One line on standard error: time, level, category, text. Standard output is for the app and for machines. */
  write(level: LogLevel, category: string, message: string): void;
}

/** `levels` as host.json's `logging.logLevel` gives them: by category, `default` for the rest. */
export function createLog(levels: Readonly<Record<string, LogLevel>>): HostLog {
  return {
    write: (level, category, message) => {
      const least = levels[category] ?? levels.default ?? 'information';
      if (order.indexOf(level) < order.indexOf(least)) return;
      process.stderr.write(`${new Date().toISOString()} ${level} [${category}] ${message}\n`);
    },
  };
}

/** An error with its stack and its causes, for the log only. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? text : `${text}\ncaused by ${describeError(error.cause)}`;
}

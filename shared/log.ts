/**
 * Structured logs: one JSON object a line, which Application Insights keeps as custom dimensions. Fields are
 * ids, counts and durations; never contents, keys or code.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export const consoleLog: Log = {
  info: (message, fields) => console.log(line('info', message, fields)),
  warn: (message, fields) => console.warn(line('warn', message, fields)),
  error: (message, fields) => console.error(line('error', message, fields)),
};

/** What is worth logging of an unknown error: its kind and message, and where it came from. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) };
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  return {
    error: error.name,
    reason: error.message.slice(0, 500),
    code,
    status: statusCode,
    stack: error.stack?.slice(0, 2000),
  };
}

function line(level: string, message: string, fields: LogFields = {}): string {
  return JSON.stringify({ level, message, ...fields });
}

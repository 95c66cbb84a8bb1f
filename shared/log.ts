/**
 * Structured logs: one JSON object a line, which stands as it is in `Message` of the table `AppTraces`. Fields are
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

/**
 * What is worth logging of an unknown error: its kind, what it says before it quotes anything, which server
 * answered what below it, and where it came from.
 */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const chain = chainOf(error);
  const codes = chain.map(codeOf).filter((code) => code !== undefined);
  const answered = chain.find(({ statusCode }) => statusCode !== undefined);
  return {
    error: error.name,
    reason: unquoted(error.message),
    code: codes[0],
    cause: codes.length > 1 ? codes.at(-1) : undefined,
    status: answered?.statusCode,
    host: hostOf(chain),
    stack: framesOf(error),
  };
}

/** What errors of the Azure clients and of Node's sockets tell beside their message. */
interface Told extends Error {
  readonly code?: unknown;
  readonly statusCode?: number;
  readonly request?: { readonly url?: string };
  readonly response?: { readonly headers?: { get?(name: string): string | null | undefined } };
}

function chainOf(error: Error): Told[] {
  const chain: Told[] = [];
  for (let next: unknown = error; next instanceof Error && !chain.includes(next); next = next.cause)
    chain.push(next);
  return chain;
}

/** A word of the protocol, never a sentence. Of the storage clients only the one for blobs has it in `code`. */
function codeOf({ code, response }: Told): string | undefined {
  const told = code ?? response?.headers?.get?.('x-ms-error-code');
  return typeof told === 'string' && /^[\w.-]{1,80}$/.test(told) ? told : undefined;
}

/** Whom the request was meant for: one of storage's three services, or Resource Manager. */
function hostOf(chain: readonly Told[]): string | undefined {
  const url = chain.map(({ request }) => request?.url).find((each) => typeof each === 'string');
  return url && URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** The same error for those who log whatever is thrown at them, such as the Functions host. */
export function withoutContents(error: unknown): Error {
  const safe = new Error(error instanceof Error ? unquoted(error.message) : typeof error);
  if (!(error instanceof Error)) return safe;
  safe.name = error.name;
  safe.stack = `${safe.name}: ${safe.message}\n${framesOf(error)}`;
  return safe;
}

/**
 * Parsers quote what they could not read, servers what they refused, file systems their paths: after a
 * quotation mark or a colon, a message speaks of contents.
 */
const unquoted = (message: string): string => {
  const own = message.split(/["'`“‘]|:\s/, 1)[0] ?? '';
  return own.length < message.length ? `${own.slice(0, 500)}…` : own.slice(0, 500);
};

/** The stack without the message above it, which may have several lines. */
const framesOf = ({ message, stack = '' }: Error): string =>
  stack
    .slice(message ? stack.indexOf(message) + message.length : 0)
    .split('\n')
    .filter((each) => /^ {4}at /.test(each))
    .join('\n')
    .slice(0, 2000);

function line(level: string, message: string, fields: LogFields = {}): string {
  return JSON.stringify({ level, message, ...fields });
}

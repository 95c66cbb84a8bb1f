import { MINUTE } from '../clock.ts';
import { ModelError } from './model.ts';
import { withoutSecrets } from './secrets.ts';

/**
 * Whatever the `openai` package throws → {@link ModelError}. Its errors are read by their fields: importing its
 * classes would load the package with the app.
 */
interface UpstreamError {
  /** Undefined for errors of the connection and for errors inside a stream. */
  readonly status: number | undefined;
  readonly headers: Headers | undefined;
  /** `error` of the body. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly message: string;
}

const MESSAGE_LIMIT = 1_000;
/** Longer than a run lives; a server that asks for more is not waited for by anyone. */
const RETRY_AFTER_LIMIT_MS = 24 * 60 * MINUTE;
const RETRYABLE_STATUSES = new Set([408, 409, 429]);
const PROMPT_CODES =
  /content_filter|content_policy|invalid_prompt|context_length|string_above_max|array_above_max|image|prompt/i;
const FILTER_CODES = /content_filter|content_policy/i;
const PROMPT_PARAMETERS = /^(messages|prompt|input)\b/;
const PROMPT_MESSAGES =
  /context length|context window|maximum context|too many tokens|content management policy/i;

/** How servers say that they do not know an argument, rather than that its value will not do. */
const UNKNOWN_ARGUMENT =
  /unrecogni[sz]ed|unsupported|unknown|unexpected|not[ _](supported|permitted|allowed|recogni[sz]ed)|forbidden|additional propert|invalid[_ ](argument|parameter|field)/i;

export const stalled = (milliseconds: number): ModelError =>
  new ModelError(`The model sent nothing for ${milliseconds / 1000} seconds.`, {
    code: 'server_error',
    retryable: true,
    sign: 'silence',
  });

export const brokenOff = (): ModelError =>
  new ModelError('The connection to the model ended before its answer was complete.', {
    code: 'server_error',
    retryable: true,
    sign: 'broken off',
  });

export const broken = (what: string): ModelError =>
  new ModelError(`The model's server sent a broken answer: ${what}.`, {
    code: 'server_error',
    retryable: true,
    sign: 'broken answer',
  });

export const endless = (bytes: number): ModelError =>
  broken(`more than ${bytes / 1024 ** 2} MiB without the end of an event`);

/** Not followed: whoever can make the server say so would be sent the prompt. */
const redirected = (status: number, headers: Headers | undefined): ModelError =>
  new ModelError(
    `The model's server answered with status ${status}, a redirect${placeOf(headers)}. It is not followed, as the prompt is meant for the configured address alone.`,
    { code: 'server_error', retryable: false, sign: status },
  );

/** The server that the redirect names, without what else its address holds. */
function placeOf(headers: Headers | undefined): string {
  const address = URL.parse(headers?.get('location') ?? '');
  return address ? ` to ${address.origin}` : '';
}

export const doesNotStream = (): ModelError =>
  new ModelError('The server of the model does not stream: it answered in one piece.', {
    code: 'server_error',
    retryable: false,
    sign: 'no stream',
  });

/** @param secrets keys that must not appear in the message, whatever the server wrote */
export function modelError(error: unknown, secrets: readonly string[]): ModelError {
  if (error instanceof ModelError) return error;
  const upstream = upstreamError(error);
  if (!upstream && error instanceof SyntaxError) return broken(clean(error.message, secrets));
  if (!upstream) return withoutAnswer(error, secrets);
  const status = upstream.status ?? statusInside(upstream.body);
  if (status !== undefined && status >= 300 && status < 400) return redirected(status, upstream.headers);
  const message = readable(upstream, status, secrets);
  const options = { retryAfterMs: retryAfterMs(upstream.headers), sign: status, cause: undefined };
  if (status === 429) {
    // Waiting does not fill an account.
    const retryable = !named(upstream.body, /insufficient_quota/);
    return new ModelError(message, { ...options, code: 'rate_limit_exceeded', retryable });
  }
  const aboutPrompt = status === 413 || (isBadRequest(status) && concernsPrompt(upstream.body));
  if (aboutPrompt) {
    const filtered = named(upstream.body, FILTER_CODES);
    return new ModelError(message, { ...options, code: 'invalid_prompt', retryable: false, filtered });
  }
  // An error inside a stream without any status is a server that failed half-way.
  const retryable = status === undefined || status >= 500 || RETRYABLE_STATUSES.has(status);
  return new ModelError(message, { ...options, code: 'server_error', retryable });
}

/** A 400 that is about an argument of this name. */
export function names(error: unknown, argument: RegExp): boolean {
  const upstream = upstreamError(error);
  if (!upstream || !isBadRequest(upstream.status)) return false;
  const param = upstream.body?.param;
  return argument.test(upstream.message) || (typeof param === 'string' && argument.test(param));
}

/** The same, and the server does not know the argument: its value is not the reason. */
export function refuses(error: unknown, argument: RegExp): boolean {
  const upstream = upstreamError(error);
  const said = UNKNOWN_ARGUMENT.test(upstream?.message ?? '') || named(upstream?.body, UNKNOWN_ARGUMENT);
  return said && names(error, argument);
}

const isBadRequest = (status: number | undefined): boolean => status === 400 || status === 422;

function upstreamError(error: unknown): UpstreamError | undefined {
  if (!(error instanceof Error) || !('status' in error && 'error' in error && 'headers' in error))
    return undefined;
  const { status, error: body, headers } = error;
  if (status === undefined && body === undefined) return undefined;
  return {
    status: typeof status === 'number' ? status : undefined,
    headers: headers instanceof Headers ? headers : undefined,
    body: typeof body === 'object' && body !== null ? { ...body } : undefined,
    message: error.message,
  };
}

/** No connection, no token, or something that is no event stream. */
function withoutAnswer(error: unknown, secrets: readonly string[]): ModelError {
  const chain = causes(error);
  const last = chain.at(-1);
  const code = chain.map((cause) => ('code' in cause ? cause.code : undefined)).find(Boolean);
  const reason = last?.message || String(code ?? 'no reason given');
  // Nobody configured an identity, or the directory refused it: the next attempt would not find another.
  const identity = chain.some(({ name }) =>
    /^(CredentialUnavailableError|AggregateAuthenticationError|AuthenticationRequiredError)$/.test(name),
  );
  const problem = identity ? "The app's identity gave no token for the model" : 'The model cannot be reached';
  return new ModelError(clean(`${problem}: ${reason}`, secrets), {
    code: 'server_error',
    retryable: !identity,
    sign: identity ? 'no token' : socketCode(code),
    cause: undefined,
  });
}

/** ECONNREFUSED, ENOTFOUND and their like. */
const socketCode = (code: unknown): string | undefined =>
  typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : undefined;

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let next = error; next instanceof Error && !chain.includes(next); next = next.cause) {
    chain.push(next);
    // Both addresses of a name refused: the aggregate itself has no message.
    if (next instanceof AggregateError && !next.message && next.errors[0] instanceof Error)
      chain.push(next.errors[0]);
  }
  return chain;
}

function readable(upstream: UpstreamError, status: number | undefined, secrets: readonly string[]): string {
  const said = upstream.body?.message;
  const text = typeof said === 'string' ? said : upstream.message.replace(/^\d{3} /, '');
  const filters = filteredCategories(upstream.body);
  const where =
    upstream.status === undefined
      ? "The model's server failed while it answered"
      : "The model's server answered";
  const label = status === undefined ? where : `${where} with status ${status}`;
  return clean(`${label}: ${text}${filters ? ` (filtered: ${filters})` : ''}`, secrets);
}

/** What Azure's content filter objected to: `innererror.content_filter_result.{category}.filtered`. */
function filteredCategories(body: UpstreamError['body']): string {
  const inner = body?.innererror;
  const result =
    inner && typeof inner === 'object' && 'content_filter_result' in inner && inner.content_filter_result;
  if (!result || typeof result !== 'object') return '';
  return Object.entries(result)
    .filter(([, verdict]) => verdict?.filtered === true)
    .map(([category]) => category)
    .join(', ');
}

function concernsPrompt(body: UpstreamError['body']): boolean {
  return (
    named(body, PROMPT_CODES) ||
    (typeof body?.param === 'string' && PROMPT_PARAMETERS.test(body.param)) ||
    (typeof body?.message === 'string' && PROMPT_MESSAGES.test(body.message))
  );
}

const named = (body: UpstreamError['body'], pattern: RegExp): boolean =>
  [body?.code, body?.type].some((name) => typeof name === 'string' && pattern.test(name));

/** Errors inside a stream carry their status, if at all, in `status` or `code`, or only hint at it by name. */
function statusInside(body: UpstreamError['body']): number | undefined {
  for (const value of [body?.status, body?.code]) {
    const status = typeof value === 'string' ? Number(value) : value;
    if (typeof status === 'number' && status >= 400 && status < 600) return status;
  }
  if (named(body, /rate_limit|insufficient_quota|too_many_requests/)) return 429;
  return named(body, /content_filter|content_policy|invalid_request|invalid_prompt|context_length/)
    ? 400
    : undefined;
}

/** `retry-after-ms`, or `retry-after` as seconds or as a date. */
function retryAfterMs(headers: Headers | undefined): number | undefined {
  const exact = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  const given = headers?.get('retry-after') ?? '';
  const seconds = Number(given || Number.NaN);
  const date = Number.isNaN(seconds) ? Date.parse(given) - Date.now() : seconds * 1000;
  const milliseconds = Number.isNaN(exact) ? date : exact;
  if (Number.isNaN(milliseconds)) return undefined;
  return Math.min(Math.max(Math.ceil(milliseconds), 0), RETRY_AFTER_LIMIT_MS);
}

const clean = (text: string, secrets: readonly string[]): string => {
  const safe = withoutSecrets(text, secrets);
  return safe.length > MESSAGE_LIMIT ? `${safe.slice(0, MESSAGE_LIMIT)}…` : safe;
};

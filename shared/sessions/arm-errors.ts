import { SECOND } from '../clock.ts';
import { GroupError } from './container-groups.ts';

/** The slice of the SDK's RestError that matters; its class would have to be imported to test with instanceof. */
interface ArmError extends Error {
  readonly code?: string;
  readonly statusCode?: number;
  readonly response?: { readonly headers: { get(name: string): string | undefined } };
  readonly details?: unknown;
}

/**
 * Quota and capacity come under several status codes: 400 and 409 `ContainerGroupQuotaReached`, 409
 * `ServiceUnavailable` ("The requested resource is not available in the location …"), or that text under another code.
 */
const BUSY_CODES = new Set([
  'ContainerGroupQuotaReached',
  'ServiceUnavailable',
  'TooManyRequests',
  'ServerTimeout',
  'AnotherOperationInProgress',
  'RegionalCapacityExceeded',
  'ContainerGroupTransitioning',
  'RegistryErrorResponse',
]);
const BUSY_TEXT = /container group quota|not available in the location|quota of container groups/i;
/** A conflict with what Azure is doing itself, under whatever code. */
const RETRY_TEXT = /retry later/i;
const NETWORK_CODES = new Set([
  'REQUEST_SEND_ERROR',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const SHOWN_CHARACTERS = 400;

export const isNotFound = (error: unknown): boolean => (error as ArmError | undefined)?.statusCode === 404;

/** Whether Azure said it, rather than the way there. */
export const isAnswer = (error: unknown): boolean =>
  (error as ArmError | undefined)?.statusCode !== undefined;

/** Whatever the SDK threw, as a {@link GroupError} that says whether to wait or to give up. */
export function toGroupError(error: unknown, doing: string): GroupError {
  if (error instanceof GroupError) return error;
  const armError = error as ArmError;
  const code = classify(armError);
  const message = `${doing}: ${code === 'refused' ? refusal(armError) : describe(armError)}`;
  const retryAfterMs = retryAfter(armError);
  return new GroupError(code, message, {
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function classify(error: ArmError): GroupError['code'] {
  const status = error.statusCode ?? 0;
  if (error.code && (BUSY_CODES.has(error.code) || NETWORK_CODES.has(error.code))) return 'busy';
  if (BUSY_TEXT.test(error.message)) return 'busy';
  if (status === 409 && RETRY_TEXT.test(error.message)) return 'busy';
  // Anything else will not get better.
  return status === 408 || status === 429 || status >= 500 ? 'busy' : 'refused';
}

function describe(error: ArmError): string {
  const text = (error.message ?? String(error)).replace(/\s+/g, ' ').slice(0, SHOWN_CHARACTERS);
  return error.code && !text.includes(error.code) ? `${error.code}: ${text}` : text;
}

/**
 * What reaches the model reaches whoever asked it. A refusal names the app's identity, the subscription and the
 * resource in question, which are the operator's business: the code stands in the log, the text in Azure's own.
 */
function refusal(error: ArmError): string {
  return error.statusCode === undefined ? describe(error) : (error.code ?? `status ${error.statusCode}`);
}

function retryAfter(error: ArmError): number | undefined {
  const seconds = Number(error.response?.headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * SECOND : undefined;
}

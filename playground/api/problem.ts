import { APIConnectionError, APIError } from 'openai';

/** What went wrong, in the API's own words where it said some. */
export interface Problem {
  readonly message: string;
  readonly status?: number;
  readonly code?: string;
  readonly requestId?: string;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof APIConnectionError) {
    return { message: 'The API cannot be reached. Is the deployment running, and this machine online?' };
  }
  if (error instanceof APIError) {
    const said = (error.error as { message?: unknown } | undefined)?.message;
    return {
      message: typeof said === 'string' ? said : error.message,
      ...(typeof error.status === 'number' ? { status: error.status } : {}),
      ...(error.code ? { code: error.code } : {}),
      ...(error.requestID ? { requestId: error.requestID } : {}),
    };
  }
  return { message: error instanceof Error ? error.message : String(error) };
}

/** A part of the API that this deployment does not have, told by its address being unknown. */
export const isMissingPart = (problem: Problem | undefined): boolean =>
  problem?.status === 404 && problem.code === 'unknown_url';

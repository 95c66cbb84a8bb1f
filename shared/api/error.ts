import type { IdKind } from '../ids.ts';

/**
 * Every refusal of the API is one of these; `http/endpoint.ts` alone turns it into a response. The four
 * fields of the body are what the official clients read.
 */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    message: string,
    options: {
      type?: string;
      code?: string | null;
      param?: string | null;
      headers?: Record<string, string>;
    } = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.type = options.type ?? 'invalid_request_error';
    this.code = options.code ?? null;
    this.param = options.param ?? null;
    this.headers = options.headers ?? {};
  }

  /** The JSON body. */
  toBody(): { error: { message: string; type: string; param: string | null; code: string | null } } {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}

/** What refusals call an object. */
const names = {
  assistant: 'assistant',
  thread: 'thread',
  message: 'message',
  run: 'run',
  step: 'run step',
  file: 'file',
  upload: 'upload',
  part: 'upload part',
  vectorStore: 'vector store',
  fileBatch: 'vector store file batch',
} as const satisfies Partial<Record<IdKind, string>>;
export type ObjectKind = keyof typeof names;

/** An object that does not exist, or belongs to another project: the caller cannot tell which. */
export const notFound = (kind: ObjectKind, id: string, param: string | null = null): ApiError =>
  new ApiError(404, `No ${names[kind]} found with id '${id}'.`, { param });

export const badRequest = (
  message: string,
  param: string | null = null,
  code: string | null = null,
): ApiError => new ApiError(400, message, { param, code });

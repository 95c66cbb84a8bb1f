import { ApiError } from '../api/error.ts';

const MEBIBYTE = 1024 * 1024;

/** @param limit in bytes */
export const tooLarge = (what: string, limit: number): ApiError =>
  new ApiError(413, `${what} is too large: the limit is ${limit} bytes (${inMebibytes(limit)} MiB).`);

const inMebibytes = (bytes: number): string => String(Math.round((bytes / MEBIBYTE) * 10) / 10);

import { ApiError } from '../api/error.ts';

const MEBIBYTE = 1024 * 1024;
/**
 * JSON that this process holds at once, in bytes as they arrived: in memory it becomes up to five times as much
 * (two bytes a character, the documents made of it), and the smallest instances have 2 GB.
 */
const ALL_BYTES = 128 * MEBIBYTE;
/** Of it for one key, so that no caller shuts others out alone. */
const KEY_BYTES = 96 * MEBIBYTE;

/** What one request holds. Given back at its end. */
export interface BodyShare extends Disposable {
  /** @throws {ApiError} 429 */
  take(bytes: number): void;
}

/** The memory that bodies may take. */
export interface BodyBudget {
  open(key: string): BodyShare;
}

export function createBodyBudget(allBytes = ALL_BYTES, keyBytes = KEY_BYTES): BodyBudget {
  const byKey = new Map<string, number>();
  let all = 0;
  return {
    open(key) {
      let held = 0;
      const add = (bytes: number) => {
        held += bytes;
        all += bytes;
        const ofKey = (byKey.get(key) ?? 0) + bytes;
        if (ofKey > 0) byKey.set(key, ofKey);
        else byKey.delete(key);
      };
      return {
        take(bytes) {
          if (all + bytes > allBytes || (byKey.get(key) ?? 0) + bytes > keyBytes) throw tooMuchAtOnce();
          add(bytes);
        },
        [Symbol.dispose]: () => add(-held),
      };
    },
  };
}

const tooMuchAtOnce = (): ApiError =>
  new ApiError(429, 'Too many large requests at once. Please try again in 1s.', {
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': '1' },
  });

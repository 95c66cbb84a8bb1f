import { ApiError } from '../api/error.ts';

/** The place of one answer that goes on for a while. Given back at its end. */
export type StreamPlace = Disposable;

/** How many answers may be open at once in this process: of one key, and about one run. */
export interface OpenStreams {
  /** @param run followed by this answer, if any @throws {ApiError} 429 */
  open(key: string, run?: string): StreamPlace;
}

/** Every open answer costs a connection, and a follower asks storage for news again and again. */
export function createOpenStreams(perKey: number, perRun: number): OpenStreams {
  const open = new Map<string, number>();
  return {
    open(key, run) {
      const places = [
        { name: `key ${key}`, limit: perKey, what: 'streams of this key are open' },
        ...(run === undefined
          ? []
          : [{ name: `run ${run}`, limit: perRun, what: 'readers follow this run' }]),
      ];
      for (const { name, limit, what } of places) {
        if ((open.get(name) ?? 0) >= limit) throw tooMany(limit, what);
      }
      const add = (by: number) => {
        for (const { name } of places) {
          const count = (open.get(name) ?? 0) + by;
          if (count > 0) open.set(name, count);
          else open.delete(name);
        }
      };
      add(1);
      let given = false;
      return {
        [Symbol.dispose]() {
          if (!given) add(-1);
          given = true;
        },
      };
    },
  };
}

const tooMany = (limit: number, what: string): ApiError =>
  new ApiError(429, `Too many open streams: ${limit} ${what}. Please try again in 5s.`, {
    type: 'rate_limit_error',
    code: 'too_many_streams',
    headers: { 'retry-after': '5' },
  });

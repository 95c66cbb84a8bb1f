/** Time as a value, so that rules about time can be tested without waiting. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The API's times are whole Unix seconds. */
export const unixSeconds = (milliseconds: number): number => Math.floor(milliseconds / SECOND);

import { type Clock, SECOND } from '../../clock.ts';
import type { ModelError } from '../../model/model.ts';

/** First wait before a repeated call; doubles each time. */
const BACKOFF_MS = SECOND / 2;
const MAX_BACKOFF_MS = 30 * SECOND;
/** Attempts at a model that cannot be reached or fails: about 15 s. */
const MAX_ATTEMPTS = 6;
/** What is waited at most, beside what the model asks for, when it has been wrong so often about when to come back. */
const MAX_DOUBT_MS = 10 * SECOND;

/**
 * How long a model that answers nothing but refusals is asked again. A model that asks for patience (429,
 * `retry-after`) gets it for MODEL_PATIENCE_SECONDS without a word of an answer, and no longer: the hosted API failed
 * such runs soon, and their callers try again by themselves, while a run that waits holds its thread.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #attempts = 0;
  #heardAt: number;

  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#heardAt = clock.now();
  }

  /** A word of an answer came. */
  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  /** Milliseconds until the next attempt; undefined when it is given up. */
  waitAfter({ retryable, code, retryAfterMs }: ModelError): number | undefined {
    this.#attempts += 1;
    if (!retryable) return undefined;
    const asked = code === 'rate_limit_exceeded';
    if (!asked && this.#attempts >= MAX_ATTEMPTS) return undefined;
    const wait = this.#waitAfter(retryAfterMs);
    if (!asked && retryAfterMs === undefined) return wait;
    const left = this.#heardAt + this.#patienceMs - this.#clock.now();
    // What the model asks for is taken at its word; our own guess may end sooner, for a last attempt.
    if (left <= 0 || (retryAfterMs ?? 0) > left) return undefined;
    return Math.min(wait, left);
  }

  /** A model that says "at once" and means it not must not be asked hundreds of times a second, nor fill the logs. */
  #waitAfter(retryAfterMs: number | undefined): number {
    const backoff = (doublings: number, most: number) =>
      Math.min(most, BACKOFF_MS * 2 ** doublings) * (0.5 + Math.random());
    if (retryAfterMs === undefined) return backoff(this.#attempts - 1, MAX_BACKOFF_MS);
    if (this.#attempts <= MAX_ATTEMPTS) return retryAfterMs;
    return Math.max(retryAfterMs, backoff(this.#attempts - MAX_ATTEMPTS - 1, MAX_DOUBT_MS));
  }
}

import { SECOND } from '../clock.ts';
import { Conflict } from './table.ts';

/** Read, decide, write, and again when another writer was first. */
export async function retryConflicts<T>(attempt: () => Promise<T>, attempts = 20): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Conflict) || tried >= attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * Math.min(tried, 20)));
    }
  }
}

/** Who waits longer than this for a turn goes without: the ETags still decide, and one slow writer stops nobody. */
const LONGEST_TURN_MS = 5 * SECOND;
/** Against writers of other processes, each of which sends one at a time; about 20 s in all. */
const ATTEMPTS_IN_TURN = 200;

/**
 * Writers of this process who change the same rows, one after the other. Without it every writer but one of a
 * crowd reads, writes and loses, again and again; conflicts with other processes are left, and are tried again.
 */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** {@link retryConflicts}, when all who asked before for `key` are done. */
  async take<T>(key: string, attempt: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    const last = before !== undefined ? before.then(() => done) : done;
    this.#last.set(key, last);
    try {
      if (before !== undefined) await orAfter(before, LONGEST_TURN_MS);
      return await retryConflicts(attempt, ATTEMPTS_IN_TURN);
    } finally {
      end();
      if (this.#last.get(key) === last) this.#last.delete(key);
    }
  }
}

function orAfter(done: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void done.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

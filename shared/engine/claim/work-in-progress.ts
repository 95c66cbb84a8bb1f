/** The runs that this process advances just now: whoever ends the process lets them be handed over first. */
export class WorkInProgress {
  readonly #pieces = new Set<Promise<unknown>>();

  get size(): number {
    return this.#pieces.size;
  }

  /** Settles as `work` does. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#pieces.add(work);
    try {
      return await work;
    } finally {
      this.#pieces.delete(work);
    }
  }

  /** Waits until nothing is left, also of what began meanwhile, at most `limitMs`. */
  async idle(limitMs: number): Promise<void> {
    const limit = Promise.withResolvers<'limit'>();
    const timer = setTimeout(limit.resolve, limitMs, 'limit');
    try {
      while (this.#pieces.size > 0) {
        if ((await Promise.race([Promise.allSettled(this.#pieces), limit.promise])) === 'limit') return;
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Work that holds much in memory, let in one after the other so that all of it together stays within a bound. */
export class MemoryGate {
  readonly #limit: number;
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = [];
  #held = 0;

  /** @param limit bytes; a single piece of work that needs more is let in alone */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Does `work` once there is room for it, in the order of arrival. */
  async within<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const entered = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, enter: entered.resolve });
    this.#admit();
    await entered.promise;
    try {
      return await work();
    } finally {
      this.#held -= bytes;
      this.#admit();
    }
  }

  #admit(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (!next || (this.#held > 0 && this.#held + next.bytes > this.#limit)) return;
      this.#waiting.shift();
      this.#held += next.bytes;
      next.enter();
    }
  }
}

/** Keeps what was used last, up to a number of bytes; loads each thing once, however many ask for it at a time. */
export class ByteCache {
  readonly #limit: number;
  readonly #kept = new Map<string, { readonly value: unknown; readonly bytes: number }>();
  readonly #loading = new Map<string, Promise<unknown>>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get<T>(key: string): T | undefined {
    const found = this.#kept.get(key);
    if (!found) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found.value as T;
  }

  /** What is larger than all of the cache is not kept. */
  set(key: string, value: unknown, bytes: number): void {
    this.delete(key);
    if (bytes > this.#limit) return;
    this.#kept.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#limit) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const found = this.#kept.get(key);
    if (!found) return;
    this.#kept.delete(key);
    this.#bytes -= found.bytes;
  }

  async load<T>(key: string, sizeOf: (value: T) => number, load: () => Promise<T>): Promise<T> {
    const kept = this.get<T>(key);
    if (kept !== undefined) return kept;
    const under = this.#loading.get(key) as Promise<T> | undefined;
    if (under !== undefined) return await under;
    const loading = load().finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    const value = await loading;
    this.set(key, value, sizeOf(value));
    return value;
  }
}

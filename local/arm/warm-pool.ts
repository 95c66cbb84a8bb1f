import { Sandbox, type SandboxSettings } from './sandbox.ts';

/** The next warm sandbox is started a little after one was taken: the taker's code deserves the processor first. */
const REFILL_DELAY_MS = 750;

/** Keeps `size` sandboxes running that nobody owns yet, as a standby pool does. */
export class WarmPool {
  readonly #settings: SandboxSettings;
  readonly #size: number;
  readonly #waiting = new Set<Sandbox>();
  readonly #all = new Set<Sandbox>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(settings: SandboxSettings, size: number) {
    this.#settings = settings;
    this.#size = size;
    this.#refill();
  }

  /** A sandbox of one's own, warm if there is one. */
  take(): { sandbox: Sandbox; warm: boolean } {
    if (this.#stopped) throw new Error('the emulator has stopped');
    const [ready] = this.#waiting;
    if (ready) this.#waiting.delete(ready);
    this.#timer ??= setTimeout(() => this.#refillIfPossible(), REFILL_DELAY_MS).unref();
    return { sandbox: ready ?? this.#start(), warm: ready !== undefined };
  }

  /** Resolves when `size` sandboxes wait, each with a warm kernel. */
  async ready(): Promise<void> {
    this.#refill();
    await Promise.all([...this.#waiting].map((sandbox) => sandbox.warm()));
  }

  /** Every sandbox that runs, taken or not. */
  get sandboxes(): ReadonlySet<Sandbox> {
    return this.#all;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all([...this.#all].map((sandbox) => sandbox.kill()));
  }

  /** A disk that sessions have filled is no reason to end the process: whoever needs a sandbox is told. */
  #refillIfPossible(): void {
    try {
      this.#refill();
    } catch (error) {
      console.error(
        `[sessions] no sandbox can be kept warm: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  #refill(): void {
    this.#timer = undefined;
    while (!this.#stopped && this.#waiting.size < this.#size) this.#waiting.add(this.#start());
  }

  #start(): Sandbox {
    const sandbox = new Sandbox(this.#settings);
    this.#all.add(sandbox);
    void sandbox.exited.then(() => {
      this.#all.delete(sandbox);
      this.#waiting.delete(sandbox);
    });
    return sandbox;
  }
}

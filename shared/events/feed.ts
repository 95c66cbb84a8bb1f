import type { NumberedEvent } from './run-event.ts';

/** Text that may wait in memory for a slow reader, in UTF-16 units; beyond it the reader is sent to the log. */
const MAX_WAITING_UNITS = 512 * 1024;

/**
 * Events on their way from the engine to the response that waits in the same process. A reader that falls
 * behind costs no memory: what it has not taken is dropped here, and it reads on in the log.
 */
export class Feed {
  #waiting: { number: number; text: string }[] = [];
  #units = 0;
  #wake: () => void = () => {};
  #behind = false;
  #closed = false;

  /** Takes an event; encoded at once, so that it shows the moment that it reports. */
  push(event: NumberedEvent, text: string): void {
    if (this.#behind || this.#closed) return;
    this.#waiting.push({ number: event.number, text });
    this.#units += text.length;
    if (this.#units > MAX_WAITING_UNITS) {
      this.#behind = true;
      this.#waiting = [];
    }
    this.#wake();
  }

  /** No more events come from this process. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** True once the reader has to read on in the log. */
  get behind(): boolean {
    return this.#behind;
  }

  take(): { number: number; text: string }[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#units = 0;
    return taken;
  }

  /** Resolves at the next event, at the end, or after `milliseconds`. */
  async changed(milliseconds: number): Promise<void> {
    if (this.#waiting.length > 0 || this.#closed || this.#behind) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
  }
}

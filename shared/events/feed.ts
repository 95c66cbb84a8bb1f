import type { NumberedEvent } from '../run/run-event.ts';
import { BEGINNING } from './event-id.ts';
import { encodeEvent, type Present } from './sse.ts';

/** Text that may wait in memory for a slow reader, in UTF-16 units; beyond it the reader is sent to the log. */
const MAX_WAITING_UNITS = 512 * 1024;

/**
 * Events on their way from the engine to the response that waits in the same process. A reader that falls
 * behind, or leaves, costs no memory: what it has not taken is dropped here, and it may read on in the log.
 */
export class Feed {
  readonly #present: Present | undefined;
  readonly #ids: boolean | undefined;
  #waiting: string[] = [];
  #units = 0;
  #lastId = BEGINNING;
  #takenId = BEGINNING;
  #state: 'open' | 'behind' | 'closed' = 'open';
  #wake: () => void = () => {};

  constructor(present?: Present, ids?: boolean) {
    this.#present = present;
    this.#ids = ids;
  }

  /** Takes an event; encoded at once, so that it shows the moment that it tells of. */
  tell(event: NumberedEvent): void {
    if (this.#state !== 'open') return;
    const text = encodeEvent(event, this.#present, this.#ids);
    this.#lastId = event.id;
    this.#waiting.push(text);
    this.#units += text.length;
    // A single event may be larger: it is held anyway.
    if (this.#units > MAX_WAITING_UNITS && this.#waiting.length > 1) this.#drop('behind');
    this.#wake();
  }

  /** No more events come from this process. */
  close(): void {
    if (this.#state === 'open') this.#state = 'closed';
    this.#wake();
  }

  /** The reader left: nothing is kept for it any more. */
  abandon(): void {
    this.#drop('closed');
    this.#wake();
  }

  /** `behind` once the reader has to read on in the log; `closed` when what waits is the last from here. */
  get state(): 'open' | 'behind' | 'closed' {
    return this.#state;
  }

  /** Id of the last event that was taken. */
  get takenId(): number {
    return this.#takenId;
  }

  /** Everything that waits, as text of an event stream; empty when nothing does. */
  take(): string {
    if (this.#waiting.length === 0) return '';
    const taken = this.#waiting.join('');
    this.#waiting = [];
    this.#units = 0;
    this.#takenId = this.#lastId;
    return taken;
  }

  /** Resolves at the next event, at the end, or after `milliseconds`. */
  async changed(milliseconds: number): Promise<void> {
    if (this.#waiting.length > 0 || this.#state !== 'open') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timer);
    this.#wake = () => {};
  }

  #drop(state: 'behind' | 'closed'): void {
    this.#state = state;
    this.#waiting = [];
    this.#units = 0;
  }
}

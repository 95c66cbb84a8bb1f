import type { AppendBlobClient } from '@azure/storage-blob';

import type { Log } from '../log.ts';
import type { NumberedEvent, RunEvent, RunSink, SavedRun } from '../run/run-event.ts';
import { encodeLine, LogReader } from './log-reader.ts';
import { LogWriter } from './log-writer.ts';
import { presentEvent } from './present-event.ts';
import { Told } from './told.ts';

export interface Subscriber {
  tell(event: NumberedEvent): void;
  /** Its stream begins with this event; what a log still lacks of the time before is not for it. */
  readonly beginsWith?: (event: RunEvent) => boolean;
}

/**
 * The one place where a streamed run's events get their ids: each goes to the waiting response at once and to
 * the log within 50 ms.
 */
export class RunStream implements RunSink {
  readonly #blob: AppendBlobClient;
  readonly #log: Log;
  readonly #subscriber: Subscriber | undefined;
  #subscribed: boolean;
  #told = new Told();
  #writer: LogWriter;

  constructor(blob: AppendBlobClient, log: Log, subscriber?: Subscriber) {
    this.#blob = blob;
    this.#log = log;
    this.#subscriber = subscriber;
    this.#subscribed = subscriber?.beginsWith === undefined;
    this.#writer = new LogWriter(blob, log);
  }

  /** Whether the stream had its last event: the run has ended, or waits for its caller. */
  get ended(): boolean {
    return this.#subscribed && this.#told.progress.ended;
  }

  tell(events: readonly RunEvent[]): void {
    for (const event of events) {
      const fresh = this.#told.fresh(event);
      if (fresh) this.#pass(fresh);
    }
  }

  restart(): void {
    this.#told.restart();
  }

  catchUp(saved: SavedRun): void {
    for (const event of this.#told.missing(saved)) this.#pass(event);
  }

  async resume(saved: SavedRun): Promise<void> {
    await this.#takeOver();
    this.catchUp(saved);
  }

  close(): Promise<void> {
    return this.#writer.flush();
  }

  /** Reads what an earlier worker wrote, to go on behind it, and keeps it from writing more. */
  async #takeOver(): Promise<void> {
    const reader = new LogReader(this.#blob);
    this.#told = new Told();
    do {
      for (let events = await reader.read(); events.length > 0; events = await reader.read()) {
        for (const event of events) this.#told.note(event);
      }
      this.#writer = new LogWriter(this.#blob, this.#log, reader.position);
    } while (!(await this.#writer.fence()));
  }

  #pass({ id, event }: NumberedEvent): void {
    const numbered: NumberedEvent = { id, event: presentEvent(event) };
    this.#writer.append(encodeLine(numbered));
    this.#subscribed ||= this.#subscriber?.beginsWith?.(event) ?? false;
    if (this.#subscribed) this.#subscriber?.tell(numbered);
  }
}

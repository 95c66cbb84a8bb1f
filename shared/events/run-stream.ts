import type { AppendBlobClient } from '@azure/storage-blob';

import type { RunStepRecord } from '../api/run-step.ts';
import type { Log } from '../log.ts';
import { ReportedState } from './catch-up.ts';
import { encodeLine, LogReader } from './log-reader.ts';
import { LogWriter } from './log-writer.ts';
import { presentEvent } from './present-event.ts';
import type { NumberedEvent, RunEvent, RunSink, SavedRun, Sent, UnsavedIds } from './run-event.ts';

export type Subscriber = (event: NumberedEvent) => void;

/**
 * The one place where a streamed run's events get their numbers: each goes to the waiting response at once and
 * to the log within 50 ms. Numbers go on where the log ends when a run is taken over.
 */
export class RunStream implements RunSink {
  readonly #blob: AppendBlobClient;
  readonly #log: Log;
  readonly #subscriber: Subscriber | undefined;
  #state = new ReportedState();
  #next = 0;
  #waitedFor: RunStepRecord | undefined;
  #writer: LogWriter;

  constructor(blob: AppendBlobClient, log: Log, subscriber?: Subscriber) {
    this.#blob = blob;
    this.#log = log;
    this.#subscriber = subscriber;
    this.#writer = new LogWriter(blob, log);
  }

  get state(): ReportedState {
    return this.#state;
  }

  emit(event: RunEvent): void {
    if (!this.#state.note(event)) return;
    this.#report(event);
  }

  async resume(saved: SavedRun, unsaved: UnsavedIds): Promise<Sent> {
    await this.load();
    for (const event of this.#state.catchUp(saved)) this.#report(event);
    return this.#state.sent(unsaved);
  }

  /** Reads what an earlier worker wrote, to go on behind it. */
  async load(): Promise<void> {
    const reader = new LogReader(this.#blob);
    this.#state = new ReportedState();
    this.#next = 0;
    for (;;) {
      const events = await reader.read();
      if (!events || events.length === 0) break;
      for (const { number, event } of events) {
        this.#state.note(event);
        this.#next = number + 1;
      }
    }
    if (this.#next === 0 && this.#waitedFor) this.#state.assumeWaiting(this.#waitedFor);
    this.#writer = new LogWriter(this.#blob, this.#log, reader.position);
  }

  /** Says that the stream begins here, with the outputs of a step, though its run began before without one. */
  beginsWith(step: RunStepRecord): void {
    this.#waitedFor = step;
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  close(): Promise<void> {
    return this.#writer.flush();
  }

  #report(event: RunEvent): void {
    const numbered: NumberedEvent = { number: this.#next++, event: presentEvent(event) };
    this.#writer.append(encodeLine(numbered));
    this.#subscriber?.(numbered);
  }
}

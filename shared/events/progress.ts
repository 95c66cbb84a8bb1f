import type { NumberedEvent, RunEvent } from '../run/run-event.ts';
import { BEGINNING } from './event-id.ts';

const ENDS = /^thread\.run\.(completed|incomplete|failed|cancelled|expired)$/;

export const isRunEvent = (event: RunEvent): boolean =>
  event.event.startsWith('thread.run.') && !event.event.startsWith('thread.run.step.');

/** How far a stream has come. */
export class Progress {
  #lastRunEvent = '';
  #lastId = BEGINNING;

  note({ id, event }: NumberedEvent): void {
    this.#lastId = id;
    if (isRunEvent(event)) this.#lastRunEvent = event.event;
  }

  /** Id of the last event. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Name of the last event of the run itself. */
  get lastRunEvent(): string {
    return this.#lastRunEvent;
  }

  /** Whether the run waits for the outputs of functions. */
  get waits(): boolean {
    return this.#lastRunEvent === 'thread.run.requires_action';
  }

  get runEnded(): boolean {
    return ENDS.test(this.#lastRunEvent);
  }

  /** Whether the stream is over: the run has ended, or waits for its caller. */
  get ended(): boolean {
    return this.waits || this.runEnded;
  }
}

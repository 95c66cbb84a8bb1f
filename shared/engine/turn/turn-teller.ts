import type { EventSink, RunEvent } from '../../run/run-event.ts';

/** Tells of an answer, in its order: what comes while a message is being saved waits until that is told. */
export class TurnTeller {
  readonly #sink: EventSink;
  #waiting: (() => void)[] | undefined;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** Whether something waits to be told, and will not be if the save before it fails. */
  get holdsBack(): boolean {
    return this.#waiting !== undefined;
  }

  tell(events: readonly RunEvent[]): void {
    this.#inTurn(() => this.#sink.tell(events));
  }

  /** Unfinished work is told from its beginning again. */
  restart(): void {
    this.#inTurn(() => this.#sink.restart());
  }

  /** Holds back from here on. The function that is returned tells these events first, and then what waited. */
  holdBack(): (events: readonly RunEvent[]) => void {
    const waiting: (() => void)[] = [];
    this.#waiting = waiting;
    return (events) => {
      this.#sink.tell(events);
      this.#waiting = undefined;
      for (const tell of waiting) tell();
    };
  }

  #inTurn(tell: () => void): void {
    if (this.#waiting) this.#waiting.push(tell);
    else tell();
  }
}

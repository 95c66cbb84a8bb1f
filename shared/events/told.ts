import type { DeltaEvent, NumberedEvent, RunEvent, SavedRun } from '../run/run-event.ts';
import { savedEvents } from '../run/saved-events.ts';
import { cutDelta, isDelta, placeOf, textOf } from './delta.ts';
import { DeltaGate } from './delta-gate.ts';
import { eventId, stateOf, unitsOf } from './event-id.ts';
import { isRunEvent, Progress } from './progress.ts';

/**
 * What a stream has told so far, gathered event by event. Numbers what is new, and lets nothing be told twice:
 * changes of state are known by their object, deltas by the text that they add to.
 */
export class Told {
  readonly #changes = new Set<string>();
  /** How often the run reached each of its states: with function calls it comes back to `queued`. */
  readonly #runStates = new Map<string, number>();
  /** By place: the texts of objects that are not complete. */
  readonly #gates = new Map<string, DeltaGate>();
  /** Ids of objects that were told to their end: no delta of them can come again. */
  readonly #complete = new Set<string>();
  readonly #progress = new Progress();
  #state = -1;
  #units = 0;

  get progress(): Progress {
    return this.#progress;
  }

  /** Takes an event from the engine: the part of it that is new, with its id; undefined when there is none. */
  fresh(event: RunEvent): NumberedEvent | undefined {
    if (isDelta(event)) return this.#freshDelta(event);
    if (this.#isKnown(event)) return undefined;
    this.#noteState(event);
    return this.#numbered(event, this.#state + 1, 0);
  }

  /** Takes an event as the log has it. */
  note(logged: NumberedEvent): void {
    const { id, event } = logged;
    if (isDelta(event)) this.#gateOf(event).pass(textOf(event));
    else this.#noteState(event);
    this.#progress.note(logged);
    this.#state = stateOf(id);
    this.#units = unitsOf(id);
  }

  /** Unfinished work is told from its beginning again. */
  restart(): void {
    for (const gate of this.#gates.values()) gate.restart();
  }

  /** What is saved and was not told, in the order in which it happened. */
  missing(saved: SavedRun): NumberedEvent[] {
    this.restart();
    const missing: NumberedEvent[] = [];
    const reached = new Map<string, number>();
    for (const event of savedEvents(saved)) {
      if (isRunEvent(event)) {
        const times = (reached.get(event.event) ?? 0) + 1;
        reached.set(event.event, times);
        if (times <= (this.#runStates.get(event.event) ?? 0)) continue;
      }
      const fresh = this.fresh(event);
      if (fresh) missing.push(fresh);
    }
    this.restart();
    return missing;
  }

  #freshDelta(event: DeltaEvent): NumberedEvent | undefined {
    if (this.#complete.has(event.data.id)) return undefined;
    const text = textOf(event);
    const fresh = this.#gateOf(event).pass(text).length;
    const rest = fresh === 0 ? undefined : cutDelta(event, text.length - fresh);
    return rest && this.#numbered(rest, this.#state, this.#units + fresh);
  }

  #numbered(event: RunEvent, state: number, units: number): NumberedEvent {
    this.#state = state;
    this.#units = units;
    const numbered = { id: eventId(state, units), event };
    this.#progress.note(numbered);
    return numbered;
  }

  #isKnown(event: RunEvent): boolean {
    if (isRunEvent(event)) return this.#progress.lastRunEvent === event.event;
    return this.#changes.has(keyOf(event));
  }

  #noteState(event: RunEvent): void {
    if (isRunEvent(event)) {
      this.#runStates.set(event.event, (this.#runStates.get(event.event) ?? 0) + 1);
      return;
    }
    this.#changes.add(keyOf(event));
    const { id, status } = event.data as { id?: string; status?: string };
    if (status === 'in_progress') return;
    if (id !== undefined) this.#complete.add(id);
    for (const place of this.#gates.keys()) if (place.startsWith(`${id}/`)) this.#gates.delete(place);
  }

  #gateOf(event: DeltaEvent): DeltaGate {
    const place = placeOf(event);
    const gate = this.#gates.get(place) ?? new DeltaGate();
    this.#gates.set(place, gate);
    return gate;
  }
}

const keyOf = (event: RunEvent): string => `${event.event} ${(event.data as { id?: string }).id}`;

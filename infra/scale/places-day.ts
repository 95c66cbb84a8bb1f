import { HOUR, MINUTE, SECOND } from '../../shared/clock.ts';
import { type ContainerGroups, GroupError } from '../../shared/sessions/container-groups.ts';
import { type Places, placesOf } from '../../shared/sessions/places.ts';
import { dueFor } from '../../shared/sessions/session-ends.ts';

/**
 * A day of sessions over several places, in simulated time: the code that chooses a place (`shared/sessions/places.ts`)
 * against places with Azure's quotas, latencies, and an hour in which one of them answers nothing. The start of a session is
 * as in `session-start.ts`: past a place that refuses to the next, else pauses of 1, 2, 4 … 30 s, for five minutes.
 */
export interface Day {
  readonly sessionsPerSecond: number;
  readonly ttlMs: number;
  readonly places: number;
  readonly groupsPerPlace: number;
  readonly createsPerHour: number;
  readonly createsPerFiveMinutes: number;
  /** From the accepted request to an agent that answers, at the mean; exponential above half of it. */
  readonly startMs: number;
  /** The first place answers nothing in this time: each request there runs into its limit. */
  readonly outage: { readonly from: number; readonly to: number };
  /** Processes that start sessions, each with its own memory of refusals. */
  readonly processes: number;
}

/** Default quotas, and what was said of start times. */
export const usualDay: Day = {
  sessionsPerSecond: 0.2,
  ttlMs: HOUR,
  places: 4,
  groupsPerPlace: 100,
  createsPerHour: 300,
  createsPerFiveMinutes: 100,
  startMs: 30 * SECOND,
  outage: { from: 12 * HOUR, to: 13 * HOUR },
  processes: 10,
};

export interface PlaceDay {
  readonly created: number;
  readonly refused: number;
  readonly mostAtOnce: number;
}

export interface DayOutcome {
  readonly sessions: number;
  /** Starts whose five minutes were over before any place took them. */
  readonly notHad: number;
  /** Milliseconds from the wish to a session that answers, of those that were had. */
  readonly median: number;
  readonly p95: number;
  readonly places: readonly PlaceDay[];
}

const DAY_MS = 24 * HOUR;
const GIVE_UP_MS = 5 * MINUTE;
/** An answer of Resource Manager, and the silence after which a request is given up. */
const ANSWER_MS = SECOND / 2;
const SILENCE_MS = 30 * SECOND;

interface Start {
  readonly wished: number;
  readonly places: Places;
  place: string;
  pause: number;
}

export function simulate(day: Day, seed = 1): DayOutcome {
  const random = generator(seed);
  const clock = { time: 0, now: () => clock.time };
  const events = new Events();
  const all = Array.from({ length: day.places }, (_, index) => new SimulatedPlace(day, index === 0));
  const names = all.map((_, index) => (index === 0 ? 'home' : `place${index}`));
  const list = names.map((name) => ({ name, weight: 1, groups: undefined as unknown as ContainerGroups }));
  const processes = Array.from({ length: day.processes }, () => placesOf(list, { clock, random }));
  const waits: number[] = [];
  let sessions = 0;
  let notHad = 0;

  const ask = (start: Start): void => {
    if (clock.time - start.wished >= GIVE_UP_MS) {
      notHad += 1;
      return;
    }
    const place = all[names.indexOf(start.place)] as SimulatedPlace;
    const answer = place.ask(clock.time);
    if (answer === 'yes') {
      const readyAt = clock.time + ANSWER_MS + day.startMs * (0.5 - Math.log(1 - random()) / 2);
      waits.push(readyAt - start.wished);
      events.add(dueFor(start.wished + day.ttlMs, day.ttlMs), () => place.end());
      return;
    }
    const told = clock.time + (answer === 'silence' ? SILENCE_MS : ANSWER_MS);
    events.add(told, () => {
      const elsewhere = start.places.haveRoomBeside(start.place);
      start.places.refused(start.place, new GroupError('busy', answer));
      if (elsewhere) {
        start.place = start.places.choose();
        ask(start);
      } else {
        events.add(clock.time + start.pause, () => ask(start));
        start.pause = Math.min(start.pause * 2, 30 * SECOND);
      }
    });
  };

  const wish = (): void => {
    const places = processes[Math.floor(random() * processes.length)] as Places;
    sessions += 1;
    ask({ wished: clock.time, places, place: places.choose(), pause: SECOND });
    const next = clock.time - (Math.log(1 - random()) / day.sessionsPerSecond) * SECOND;
    if (next < DAY_MS) events.add(next, wish);
  };
  events.add(0, wish);
  for (let event = events.next(); event; event = events.next()) {
    clock.time = event.time;
    event.happen();
  }
  waits.sort((a, b) => a - b);
  const at = (share: number) => waits[Math.floor((waits.length - 1) * share)] ?? 0;
  return { sessions, notHad, median: at(0.5), p95: at(0.95), places: all.map((place) => place.outcome()) };
}

class SimulatedPlace {
  readonly #day: Day;
  readonly #fails: boolean;
  #live = 0;
  #most = 0;
  #refused = 0;
  readonly #created: number[] = [];

  constructor(day: Day, fails: boolean) {
    this.#day = day;
    this.#fails = fails;
  }

  ask(now: number): 'yes' | 'quota' | 'haste' | 'silence' {
    const { outage, groupsPerPlace, createsPerHour, createsPerFiveMinutes } = this.#day;
    const refuse = <T>(why: T): T => {
      this.#refused += 1;
      return why;
    };
    if (this.#fails && now >= outage.from && now < outage.to) return refuse('silence');
    if (this.#live >= groupsPerPlace) return refuse('quota');
    const since = (ms: number) =>
      this.#created.length - this.#created.findLastIndex((at) => at <= now - ms) - 1;
    if (since(HOUR) >= createsPerHour || since(5 * MINUTE) >= createsPerFiveMinutes) return refuse('haste');
    this.#live += 1;
    this.#most = Math.max(this.#most, this.#live);
    this.#created.push(now);
    return 'yes';
  }

  end(): void {
    this.#live -= 1;
  }

  outcome(): PlaceDay {
    return { created: this.#created.length, refused: this.#refused, mostAtOnce: this.#most };
  }
}

/** What is to happen, soonest first: a binary heap. */
class Events {
  readonly #heap: { readonly time: number; readonly happen: () => void }[] = [];

  add(time: number, happen: () => void): void {
    const heap = this.#heap;
    heap.push({ time, happen });
    for (let at = heap.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if (heap[above]!.time <= heap[at]!.time) break;
      [heap[above], heap[at]] = [heap[at]!, heap[above]!];
      at = above;
    }
  }

  next() {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && heap[left]!.time < heap[least]!.time) least = left;
      if (right < heap.length && heap[right]!.time < heap[least]!.time) least = right;
      if (least === at) break;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
    return first;
  }
}

/** Mulberry32: the same day each time. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

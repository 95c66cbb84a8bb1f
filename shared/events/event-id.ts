/**
 * The id of an event is its place in the run's story rather than a count of what was sent: how many changes of
 * state came before, and within one how far the deltas are that follow it, in characters.
 *
 * A response is ahead of the log by up to 50 ms. When its host dies, another worker tells the same again, in
 * pieces that may be cut elsewhere. A client that says how far it came then gets exactly what it has not seen,
 * even from the middle of a delta.
 */
const UNITS_PER_STATE = 1_000_000_000;

/** Before every event. */
export const BEGINNING = -1;

/**
 * @param state number of the last change of state: 0, 1, 2, …
 * @param units of deltas since then; 0 for the change itself
 */
export const eventId = (state: number, units: number): number =>
  state * UNITS_PER_STATE + Math.min(units, UNITS_PER_STATE - 1);

export const stateOf = (id: number): number => Math.floor(id / UNITS_PER_STATE);

export const unitsOf = (id: number): number => id % UNITS_PER_STATE;

/** An id as a client sends it back; undefined for anything that is none of ours. */
export const parseEventId = (text: string | null): number | undefined =>
  text !== null && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;

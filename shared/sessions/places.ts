import { type Clock, MINUTE } from '../clock.ts';
import { type ContainerGroups, GroupError, type GroupRequest, type GroupView } from './container-groups.ts';
import { HOME } from './place-settings.ts';

export interface Place {
  readonly name: string;
  readonly weight: number;
  readonly groups: ContainerGroups;
}

/** How long a place is left alone that had no room, no time, or something else against a session. */
const LEFT_ALONE_MS = 2 * MINUTE;
const LONGEST_MS = 10 * MINUTE;

/** `hg-…-west` is in `west`; a name without a place is at home. */
const IN_PLACE = /^hg-[0-9a-f]{20}-\d{1,9}-[0-9a-f]{12}-([a-z][a-z0-9]{0,14})$/;
export const placeOf = (group: string): string => IN_PLACE.exec(group)?.[1] ?? HOME;
/** What the name of a group in that place ends with. */
export const suffixOf = (place: string): string => (place === HOME ? '' : `-${place}`);

/**
 * All places as one: a group's name says where it is, so whoever knows the name finds it, and a session stays where it
 * was made. A new one goes where there is room: by weight among the places that did not refuse one lately. What a place
 * refused is remembered by this process alone, for minutes: the others learn it with one refused request each.
 */
export interface Places extends ContainerGroups {
  /** How many places take new sessions. */
  readonly takers: number;
  /** For a new session; where all have refused lately, the one whose time is over first. */
  choose(): string;
  /** Whether some other place takes sessions and has not refused one lately. */
  haveRoomBeside(place: string): boolean;
  /** That place refused a session, or made one that came to nothing. */
  refused(place: string, error: GroupError): void;
}

export function placesOf(
  list: readonly Place[],
  parts: {
    readonly clock: Clock;
    readonly random?: () => number;
    readonly onRefusal?: (place: string, error: GroupError) => void;
  },
): Places {
  const { clock, random = Math.random, onRefusal = () => {} } = parts;
  const byName = new Map(list.map((place) => [place.name, place]));
  const until = new Map<string, number>();
  const takers = list.filter(({ weight }) => weight > 0);
  const open = () => takers.filter(({ name }) => (until.get(name) ?? 0) <= clock.now());
  const groupsOf = (group: string): ContainerGroups =>
    byName.get(placeOf(group))?.groups ?? nowhere(placeOf(group));

  return {
    takers: takers.length,
    choose() {
      const candidates = open();
      if (candidates.length === 0) {
        const soonest = takers.toSorted((a, b) => (until.get(a.name) ?? 0) - (until.get(b.name) ?? 0))[0];
        return soonest?.name ?? HOME;
      }
      let share = random() * candidates.reduce((sum, { weight }) => sum + weight, 0);
      const chosen = candidates.find(({ weight }) => {
        share -= weight;
        return share < 0;
      });
      return (chosen ?? candidates[0])?.name ?? HOME;
    },
    haveRoomBeside: (place) => open().some(({ name }) => name !== place),
    refused(place, error) {
      const ms = Math.min(Math.max(error.retryAfterMs ?? LEFT_ALONE_MS, LEFT_ALONE_MS), LONGEST_MS);
      until.set(place, clock.now() + ms);
      onRefusal(place, error);
    },

    create: (request: GroupRequest, signal: AbortSignal) => groupsOf(request.name).create(request, signal),
    get: (name: string, signal?: AbortSignal) => groupsOf(name).get(name, signal),
    delete: (name: string, signal?: AbortSignal) => groupsOf(name).delete(name, signal),
    async *list(signal?: AbortSignal): AsyncGenerator<GroupView> {
      let problem: unknown;
      for (const { groups } of list) {
        try {
          yield* groups.list(signal);
        } catch (error) {
          // The other places are swept all the same.
          signal?.throwIfAborted();
          problem ??= error;
        }
      }
      if (problem) throw problem;
    },
  };
}

/** A place that is no longer configured: nothing is there any more, for all that this installation may do. */
function nowhere(place: string): ContainerGroups {
  return {
    create: async () => {
      throw new GroupError('refused', `The place "${place}" is not among SESSION_PLACES any more`);
    },
    get: async () => undefined,
    delete: async () => {},
    async *list() {},
  };
}

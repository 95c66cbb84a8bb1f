import { type Refusal, refusalOf } from './faults.ts';

const HOUR_MS = 3_600_000;

/** What a place (a resource group here, a region and subscription in Azure) gives; nothing said: no limit. */
export interface PlaceLimits {
  readonly groups?: number;
  readonly createsPerHour?: number;
  /** Before each answer. */
  readonly answerMs?: number;
  /** Nothing works there: 503. */
  readonly down?: boolean;
}

/** Limits by resource group, so that one emulator plays several places of sessions. */
export class Places {
  readonly #limits = new Map<string, PlaceLimits>();
  readonly #created = new Map<string, number[]>();

  limit(resourceGroup: string, limits: PlaceLimits): void {
    this.#limits.set(resourceGroup.toLowerCase(), limits);
  }

  of(resourceGroup: string): PlaceLimits {
    return this.#limits.get(resourceGroup.toLowerCase()) ?? {};
  }

  /** Why a group more cannot be had there now. @param live groups that are there */
  refusal(resourceGroup: string, live: number, location: string): Refusal | undefined {
    const { groups = Number.POSITIVE_INFINITY, createsPerHour = Number.POSITIVE_INFINITY } =
      this.of(resourceGroup);
    if (live >= groups) return refusalOf({ kind: 'quota' }, location);
    const since = Date.now() - HOUR_MS;
    const created = (this.#created.get(resourceGroup) ?? []).filter((at) => at > since);
    if (created.length >= createsPerHour) return refusalOf({ kind: 'throttled' }, location);
    this.#created.set(resourceGroup, [...created, Date.now()]);
    return undefined;
  }
}

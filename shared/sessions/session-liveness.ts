import { setTimeout as delay } from 'node:timers/promises';

import { SECOND } from '../clock.ts';
import type { Health } from './agent-wire.ts';
import { type ContainerGroups, GroupError } from './container-groups.ts';
import { healthOrUndefined } from './group-readiness.ts';
import type { SessionRecord } from './session-record.ts';

/** A network that hiccups must not cost somebody's variables; a session that is gone must not cost minutes. */
const PATIENCE_MS = 10 * SECOND;
const PAUSE_MS = 250;

/**
 * The agent of a `ready` session if it still is the one we knew: one small request when all is well. Only if
 * it does not answer, Azure is asked whether waiting makes sense. undefined = the session is gone.
 */
export async function livingAgent(
  record: SessionRecord,
  groups: ContainerGroups,
  signal: AbortSignal,
): Promise<Health | undefined> {
  const { address, bootId } = record;
  if (!address) return undefined;
  const isOurs = (health: Health) => health.boot_id === bootId && health.claimed && health.state !== 'dead';
  const first = await healthOrUndefined(address, signal);
  if (first) return isOurs(first) ? first : undefined;
  if (!(await stillRuns(record, groups, signal))) return undefined;
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    await delay(PAUSE_MS, undefined, { signal });
    const health = await healthOrUndefined(address, signal);
    if (health) return isOurs(health) ? health : undefined;
  }
  return undefined;
}

async function stillRuns(
  record: SessionRecord,
  groups: ContainerGroups,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const view = await groups.get(record.group, signal);
    return view?.state === 'running' && view.address === record.address;
  } catch (error) {
    // Azure does not know right now: the session gets the benefit of the doubt.
    if (error instanceof GroupError) return true;
    throw error;
  }
}

import { setTimeout as delay } from 'node:timers/promises';

import { MINUTE, SECOND } from '../clock.ts';
import { agentHealth } from './agent-client.ts';
import { AgentUnreachable } from './agent-http.ts';
import type { Health } from './agent-wire.ts';
import { type ContainerGroups, GroupError, type GroupView } from './container-groups.ts';
import { type Places, placeOf } from './places.ts';
import { SessionError } from './session.ts';
import type { SessionRecord } from './session-record.ts';

const FIRST_DELAY_MS = 20;
const MAX_DELAY_MS = SECOND;
const FIRST_BUSY_DELAY_MS = SECOND;
const MAX_BUSY_DELAY_MS = MINUTE / 2;
/** Azure may not show a group for a moment after it accepted its creation. */
const UNSEEN_MS = 20 * SECOND;
/** Said as often in a row, and after that moment, "not found" is believed: one copy of Azure's state may lag. */
const UNSEEN_LOOKS = 2;
/** With the address known the agent is asked often, and Azure only now and then. */
const LOOK_EVERY_MS = 2 * SECOND;

/**
 * Azure has no room now: asks again with growing pauses until `limit`, never in a tight loop, and never for a
 * group that is there, which would restart it: a request whose answer was lost may have been accepted.
 * @throws {GroupError} `busy` where another place may have room, and at the limit
 */
export async function createPatiently(
  groups: Places,
  record: SessionRecord,
  mayExist: boolean,
  limit: AbortSignal,
): Promise<void> {
  let look = mayExist;
  for (let pause = FIRST_BUSY_DELAY_MS; ; pause = Math.min(pause * 2, MAX_BUSY_DELAY_MS)) {
    try {
      if (look && (await groups.get(record.group, limit))) return;
      look = true;
      return await groups.create({ ...record, name: record.group }, limit);
    } catch (error) {
      if (!(error instanceof GroupError && error.code === 'busy')) throw error;
      if (groups.haveRoomBeside(placeOf(record.group))) throw error;
      groups.refused(placeOf(record.group), error);
      await pauseFor(Math.max(pause, error.retryAfterMs ?? 0), limit, error.message, error);
    }
  }
}

export interface ReadyAgent {
  readonly address: string;
  readonly health: Health;
}

/**
 * Waits until the group's agent answers and has its token. That, not Azure's word for it, is ready: the
 * SDK's poller would add seconds.
 * @throws {GroupError} `failed` when the group came to nothing
 */
export async function untilReady(
  groups: ContainerGroups,
  record: SessionRecord,
  limit: AbortSignal,
): Promise<ReadyAgent> {
  const started = Date.now();
  let address: string | undefined;
  let looked = Number.NEGATIVE_INFINITY;
  let last = 'it did not appear';
  let unseen = 0;
  for (let pause = FIRST_DELAY_MS; ; pause = Math.min(pause * 1.5, MAX_DELAY_MS)) {
    if (address === undefined || Date.now() - looked >= LOOK_EVERY_MS) {
      looked = Date.now();
      const view = await look(groups, record.group, limit);
      if (view === undefined) {
        unseen += 1;
        if (unseen >= UNSEEN_LOOKS && Date.now() - started > UNSEEN_MS)
          throw new GroupError('failed', notUp('it vanished'));
      } else if (view !== 'unknown') {
        unseen = 0;
        ({ address, detail: last } = view);
        if (view.state === 'failed' || view.state === 'ended') throw new GroupError('failed', notUp(last));
      }
    }
    const health = address === undefined ? undefined : await healthOrUndefined(address, limit);
    if (address && health?.claimed && health.state !== 'dead') return { address, health };
    await pauseFor(pause, limit, notUp(last));
  }
}

const notUp = (detail: string): string => `The container group did not come up (${detail})`;

/** undefined only when Azure says that there is none; a look that it refuses to give right now says nothing. */
export async function look(
  groups: ContainerGroups,
  name: string,
  limit: AbortSignal,
): Promise<GroupView | 'unknown' | undefined> {
  try {
    return await groups.get(name, limit);
  } catch (error) {
    if (error instanceof GroupError && error.code === 'busy') return 'unknown';
    throw error;
  }
}

export async function healthOrUndefined(address: string, signal: AbortSignal): Promise<Health | undefined> {
  try {
    return await agentHealth(address, signal);
  } catch (error) {
    if (error instanceof AgentUnreachable || error instanceof SessionError) return undefined;
    throw error;
  }
}

/** Waits; when `limit` comes first, `why` is the reason the whole start failed, and `refusal` what Azure said last. */
export async function pauseFor(
  milliseconds: number,
  limit: AbortSignal,
  why: string,
  refusal?: GroupError,
): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal: limit });
  } catch (error) {
    throw new GroupError('busy', why, { cause: refusal ?? error });
  }
}

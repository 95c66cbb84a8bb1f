import { setTimeout as delay } from 'node:timers/promises';

import { type Clock, MINUTE, SECOND } from '../clock.ts';
import { AgentSession } from './agent-client.ts';
import type { Health } from './agent-wire.ts';
import { condemning } from './condemn.ts';
import { type ContainerGroups, GroupError } from './container-groups.ts';
import { createPatiently, type ReadyAgent, untilReady } from './group-readiness.ts';
import { type Session, SessionError, type SessionLease, type Sessions } from './session.ts';
import { newIncarnation, sessionsBefore } from './session-incarnation.ts';
import { livingAgent } from './session-liveness.ts';
import type { SessionQueue, SessionRecord, SessionStore, StoredSession } from './session-record.ts';

export interface SessionsSettings {
  /** STORAGE_PREFIX: part of every group's name. */
  readonly installation: string;
  readonly ttlMs: number;
  readonly startTimeoutMs: number;
}

export interface SessionsParts {
  readonly groups: ContainerGroups;
  readonly store: SessionStore;
  readonly queue: SessionQueue;
  readonly clock: Clock;
  readonly settings: SessionsSettings;
  /** Run beside every start, which takes longer anyway. */
  readonly sweep: () => Promise<void>;
  /** Told of failures that need no reaction, because something later repeats what failed. */
  readonly report: (problem: string, error: unknown) => void;
}

/** The deletion comes a little after the agent's own end, and well before the promised five minutes. */
export const REMOVAL_GRACE_MS = 30 * SECOND;
/** A session with less time left than this is not worth starting code in. */
const MIN_REMAINING_MS = MINUTE;
/** From this age on, whoever needs a session that another one is starting takes a hand in it. */
const TAKEOVER_MS = 10 * SECOND;
const ROW_POLL_MS = 200;
const GROUPS_TO_TRY = 2;

/**
 * Sessions by thread. The row is written before the group exists and says how to make it, so that any process
 * can finish what another one began; the message that deletes the group is put before either.
 */
export function createSessions(parts: SessionsParts): Sessions {
  const { groups, store, clock, report } = parts;
  const remaining = Math.min(MIN_REMAINING_MS, parts.settings.ttlMs / 4);
  const isOver = (record: SessionRecord) => record.deadline - clock.now() < remaining;

  async function acquire(threadId: string, signal: AbortSignal): Promise<SessionLease> {
    const stored = await store.get(threadId);
    if (stored?.record.state === 'ready' && !isOver(stored.record)) {
      const health = await livingAgent(stored.record, groups, signal);
      if (health) return lease(stored, health, false);
    }
    const [started] = await Promise.all([start(threadId, stored, signal), parts.sweep()]);
    return started;
  }

  async function start(threadId: string, first: StoredSession | undefined, signal: AbortSignal) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(parts.settings.startTimeoutMs)]);
    let stored = first;
    // What the first look found unusable is replaced without another look.
    let unusable = first?.record.state === 'ready' ? first.record.group : undefined;
    for (let tried = 0; ; ) {
      const reread = async () => {
        stored = await store.get(threadId);
      };
      if (limit.aborted) throw giveUp(signal, undefined);
      if (stored?.record.state === 'ready' && stored.record.group !== unusable && !isOver(stored.record)) {
        const health = await livingAgent(stored.record, groups, limit);
        if (health) return lease(stored, health, false);
        unusable = stored.record.group;
      }
      const begun =
        stored?.record.state === 'starting' && !isOver(stored.record) && stored.record.group !== unusable;
      if (begun && stored && clock.now() - stored.record.createdAt < TAKEOVER_MS) {
        await delay(ROW_POLL_MS);
        await reread();
        continue;
      }
      const mine = begun ? stored : await begin(threadId, stored);
      if (!mine) {
        await reread();
        continue;
      }
      try {
        const ready = await bringUp(mine.record, begun === true, limit);
        const done = await store.replace(mine, { ...mine.record, ...readyFields(ready) });
        if (done) return lease(done, ready.health, true);
        await reread();
      } catch (error) {
        tried += 1;
        signal.throwIfAborted();
        await discard(mine.record.group);
        const again = error instanceof GroupError && error.code === 'failed' && tried < GROUPS_TO_TRY;
        if (again) {
          unusable = mine.record.group;
          stored = mine;
          continue;
        }
        await store.replace(mine, { ...mine.record, deadline: clock.now() });
        throw giveUp(signal, error);
      }
    }
  }

  /** A new incarnation in the row, or undefined when another process was first. */
  async function begin(threadId: string, stored: StoredSession | undefined) {
    const { installation, ttlMs } = parts.settings;
    const now = clock.now();
    const record = newIncarnation({ threadId, previous: stored?.record, installation, now, ttlMs });
    // First of all, so that nothing can be billed that nobody would delete.
    await parts.queue.enqueueRemoval({ threadId, group: record.group }, ttlMs + REMOVAL_GRACE_MS);
    if (!stored) return store.insert(record);
    const begun = await store.replace(stored, record);
    if (begun) await discard(stored.record.group);
    return begun;
  }

  async function bringUp(
    record: SessionRecord,
    begunElsewhere: boolean,
    limit: AbortSignal,
  ): Promise<ReadyAgent> {
    const exists = begunElsewhere && (await groups.get(record.group, limit)) !== undefined;
    if (!exists) await createPatiently(groups, record, limit);
    return untilReady(groups, record, limit);
  }

  /** Deletes a group that is of no more use. Its delayed message repeats that if it fails. */
  async function discard(group: string): Promise<void> {
    try {
      await groups.delete(group);
    } catch (error) {
      report(`container group ${group} could not be deleted yet`, error);
    }
  }

  function lease(stored: StoredSession, health: Health, created: boolean): SessionLease {
    const { record } = stored;
    const connection = { address: record.address ?? '', token: record.token };
    const agent = new AgentSession(connection, `${record.group}.${health.boot_id}`, health.generation);
    const session: Session = condemning(agent, async () => {
      await store.replace(stored, { ...record, deadline: clock.now() });
      await discard(record.group);
    });
    return { session, created, replaced: created && sessionsBefore(record) > 0 };
  }

  async function remove(threadId: string): Promise<void> {
    const stored = await store.get(threadId);
    if (!stored) return;
    const { group } = stored.record;
    try {
      await groups.delete(group);
    } catch (error) {
      report(`container group ${group} is deleted later`, error);
      await parts.queue.enqueueRemoval({ threadId, group }, REMOVAL_GRACE_MS);
    }
    await store.remove(stored);
  }

  return { acquire, remove };
}

const readyFields = ({ address, health }: ReadyAgent) =>
  ({ address, bootId: health.boot_id, state: 'ready' }) as const;

function giveUp(signal: AbortSignal, error: unknown): unknown {
  if (signal.aborted) return signal.reason;
  const why = error instanceof GroupError ? error.message : 'it did not start in time';
  if (error !== undefined && !(error instanceof GroupError)) return error;
  return new SessionError('unavailable', `No Python session can be had now: ${why}`, { cause: error });
}

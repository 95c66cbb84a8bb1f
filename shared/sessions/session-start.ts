import { setTimeout as delay } from 'node:timers/promises';

import { SECOND } from '../clock.ts';
import type { Health } from './agent-wire.ts';
import { GroupError } from './container-groups.ts';
import { createPatiently, untilReady } from './group-readiness.ts';
import { SessionError } from './session.ts';
import { newIncarnation } from './session-incarnation.ts';
import { livingAgent } from './session-liveness.ts';
import type { SessionRecord, StoredSession } from './session-record.ts';
import { discard, isOver, REMOVAL_GRACE_MS, type SessionsParts } from './sessions-parts.ts';

/** From this age on, whoever needs a session whose group does not exist creates it. */
const TAKEOVER_MS = 10 * SECOND;
const ROW_POLL_MS = 200;
const GROUPS_TO_TRY = 2;

export interface RunningSession {
  readonly stored: StoredSession;
  readonly health: Health;
  /** This call made the row `ready`. */
  readonly created: boolean;
}

/**
 * Makes the thread's session run, whatever state its row is in. The row is written before the group exists and
 * says how to make it, so any process can finish what another one began; the message that deletes the group
 * is put before either, so that nothing is billed that nobody would delete.
 * @param unusable a group that was found dead already
 * @throws {SessionError} or the signal's reason
 */
export async function startSession(
  parts: SessionsParts,
  threadId: string,
  first: StoredSession | undefined,
  unusable: string | undefined,
  signal: AbortSignal,
): Promise<RunningSession> {
  const { store } = parts;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(parts.settings.startTimeoutMs)]);
  let stored = first;
  let dead = unusable;
  for (let failures = 0; ; ) {
    let begun: StoredSession | undefined;
    try {
      limit.throwIfAborted();
      const next = await decide(parts, stored, dead, limit);
      if (typeof next === 'object') return next;
      if (next === 'wait') await delay(ROW_POLL_MS);
      else begun = next === 'begin' ? await begin(parts, threadId, stored) : stored;
      if (!begun) {
        stored = await store.get(threadId);
        continue;
      }
      const { address, health } = await bringUp(parts, begun.record, next === 'join', limit);
      const ready = { ...begun.record, address, bootId: health.boot_id, state: 'ready' } as const;
      const done = await store.replace(begun, ready);
      if (done) return { stored: done, health, created: true };
      stored = await store.get(threadId);
      if (stored) continue;
    } catch (caught) {
      signal.throwIfAborted();
      // Whatever was under way when the time for a start ran out ended with the limit's own reason.
      const error = caught === limit.reason ? tooLate(caught) : caught;
      if (!(error instanceof GroupError)) throw error;
      if (!begun) throw unavailable(error);
      failures += 1;
      await discard(parts, begun.record.group);
      dead = begun.record.group;
      stored = begun;
      if (error.code === 'failed' && failures < GROUPS_TO_TRY) continue;
      await store.replace(begun, { ...begun.record, deadline: parts.clock.now() });
      throw unavailable(error);
    }
    await discard(parts, begun.record.group);
    throw new SessionError('lost', 'The thread was deleted while its Python session started.');
  }
}

/** What the row asks for: use it, wait for whoever is at it, help to finish it, or begin anew. */
async function decide(
  parts: SessionsParts,
  stored: StoredSession | undefined,
  dead: string | undefined,
  limit: AbortSignal,
): Promise<RunningSession | 'wait' | 'join' | 'begin'> {
  if (!stored || isOver(parts, stored.record) || stored.record.group === dead) return 'begin';
  const { record } = stored;
  if (record.state === 'ready') {
    const health = await livingAgent(record, parts.groups, limit);
    return health ? { stored, health, created: false } : 'begin';
  }
  if (parts.clock.now() - record.createdAt >= TAKEOVER_MS) return 'join';
  return (await exists(parts, record, limit)) ? 'join' : 'wait';
}

async function exists(
  { groups }: SessionsParts,
  record: SessionRecord,
  limit: AbortSignal,
): Promise<boolean> {
  try {
    return (await groups.get(record.group, limit)) !== undefined;
  } catch (error) {
    if (error instanceof GroupError && error.code === 'busy') return false;
    throw error;
  }
}

/** A new incarnation in the row, or undefined when another process was first. */
async function begin(parts: SessionsParts, threadId: string, stored: StoredSession | undefined) {
  const { installation, ttlMs } = parts.settings;
  const now = parts.clock.now();
  const record = newIncarnation({ threadId, previous: stored?.record, installation, now, ttlMs });
  await parts.queue.enqueueRemoval({ threadId, group: record.group }, ttlMs + REMOVAL_GRACE_MS);
  if (!stored) return parts.store.insert(record);
  const begun = await parts.store.replace(stored, record);
  if (begun) await discard(parts, stored.record.group);
  return begun;
}

async function bringUp(parts: SessionsParts, record: SessionRecord, joining: boolean, limit: AbortSignal) {
  const there = joining && (await exists(parts, record, limit));
  if (!there) await createPatiently(parts.groups, record, limit);
  return untilReady(parts.groups, record, limit);
}

const tooLate = (cause: unknown) => new GroupError('busy', 'it did not come up in time', { cause });

function unavailable(error: GroupError): SessionError {
  const message = `No Python session can be had now: ${error.message}`;
  return new SessionError('unavailable', message, { cause: error });
}

import { SECOND } from '../clock.ts';
import type { Health } from './agent-wire.ts';
import { GroupError } from './container-groups.ts';
import { createPatiently, look, pauseFor, untilReady } from './group-readiness.ts';
import { placeOf } from './places.ts';
import { SessionError } from './session.ts';
import { newIncarnation } from './session-incarnation.ts';
import { livingAgent } from './session-liveness.ts';
import type { SessionRecord, StoredSession } from './session-record.ts';
import { discard, isOver, type SessionsParts } from './sessions-parts.ts';

/** From this age on, whoever needs a session whose group does not exist creates it. */
const TAKEOVER_MS = 10 * SECOND;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 2 * SECOND;
const GROUPS_TO_TRY = 2;
const TOO_LATE = 'it did not come up in time';

export interface RunningSession {
  readonly stored: StoredSession;
  readonly health: Health;
  /** This call made the row `ready`. */
  readonly created: boolean;
}

/**
 * Makes the thread's session run, whatever state its row is in. The row is written before the group exists and
 * says how to make it, so any process can finish what another one began; the message that deletes the group
 * is put before either, so that nothing is billed that nobody would delete. A place that refuses is left for another
 * one within the same time.
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
  let pause = FIRST_WAIT_MS;
  for (let failures = 0; ; ) {
    let begun: StoredSession | undefined;
    let patience = limit;
    try {
      limit.throwIfAborted();
      const next = await decide(parts, stored, dead, limit);
      if (typeof next === 'object') return next;
      if (next === 'begin') begun = await begin(parts, threadId, stored, limit);
      else if (next === 'take over') begun = await takeOver(parts, stored);
      else if (next === 'join') begun = stored;
      else {
        await pauseFor(pause, limit, TOO_LATE);
        pause = Math.min(pause * 1.5, MAX_WAIT_MS);
      }
      if (!begun) {
        stored = await store.get(threadId);
        continue;
      }
      const { record } = begun;
      if (next !== 'join') await createPatiently(parts.groups, record, isOld(parts, record), limit);
      patience = patienceWith(parts, record, limit);
      const { address, health } = await untilReady(parts.groups, record, patience);
      const ready = { ...record, address, bootId: health.boot_id, state: 'ready' } as const;
      const done = await store.replace(begun, ready);
      if (done) return { stored: done, health, created: true };
      stored = await store.get(threadId);
      if (stored) continue;
    } catch (caught) {
      signal.throwIfAborted();
      // Whatever was under way when the time for a start ran out ended with the limit's own reason.
      const error = caught === limit.reason || caught === patience.reason ? tooLate(caught) : caught;
      if (!(error instanceof GroupError)) throw error;
      if (!begun) throw unavailable(error);
      const place = placeOf(begun.record.group);
      parts.groups.refused(place, error);
      failures += 1;
      parts.report(`container group ${begun.record.group} came to nothing`, error);
      await discard(parts, begun.record);
      dead = begun.record.group;
      stored = begun;
      if (error.code === 'failed' && failures < GROUPS_TO_TRY) continue;
      if (!limit.aborted && parts.groups.haveRoomBeside(place)) continue;
      await store.replace(begun, { ...begun.record, deadline: parts.clock.now() });
      throw unavailable(error);
    }
    await discard(parts, begun.record);
    throw new SessionError('lost', 'The thread was deleted while its Python session started.');
  }
}

/** What the row asks for: use it, wait for whoever is at it, help to finish it, or begin anew. */
async function decide(
  parts: SessionsParts,
  stored: StoredSession | undefined,
  dead: string | undefined,
  limit: AbortSignal,
): Promise<RunningSession | 'wait' | 'join' | 'take over' | 'begin'> {
  if (!stored || isOver(parts, stored.record) || stored.record.group === dead) return 'begin';
  const { record } = stored;
  if (record.state === 'ready') {
    const health = await livingAgent(record, parts.groups, limit);
    return health ? { stored, health, created: false } : 'begin';
  }
  const group = await look(parts.groups, record.group, limit);
  if (group === 'unknown') return 'wait';
  if (group) return 'join';
  return isOld(parts, record) ? 'take over' : 'wait';
}

/** Where another place may do better, the half of a start's time: the other half is for that one. */
function patienceWith({ groups, settings }: SessionsParts, { group }: SessionRecord, limit: AbortSignal) {
  if (!groups.haveRoomBeside(placeOf(group))) return limit;
  return AbortSignal.any([limit, AbortSignal.timeout(settings.startTimeoutMs / 2)]);
}

/** By now another process may have taken the creation over. */
const isOld = ({ clock }: SessionsParts, { createdAt }: SessionRecord): boolean =>
  clock.now() - createdAt >= TAKEOVER_MS;

/** A new incarnation in the row, or undefined when another process was first. */
async function begin(
  parts: SessionsParts,
  threadId: string,
  stored: StoredSession | undefined,
  limit: AbortSignal,
) {
  const { installation, ttlMs } = parts.settings;
  const now = parts.clock.now();
  const place = parts.groups.choose();
  const incarnation = newIncarnation({ threadId, previous: stored?.record, installation, now, ttlMs, place });
  const project = await parts.share.take(threadId, incarnation, stored?.record);
  const record = { ...incarnation, project };
  await parts.ends.order(record.deadline);
  const begun = stored ? await parts.store.replace(stored, record) : await parts.store.insert(record);
  if (!begun) await parts.share.free(record);
  else if (stored) await discard(parts, stored.record, limit);
  return begun;
}

/** One of those who found that nobody created the group sets out to, or undefined: it was another one. */
async function takeOver({ store, clock }: SessionsParts, stored: StoredSession | undefined) {
  return stored && store.replace(stored, { ...stored.record, createdAt: clock.now() });
}

const tooLate = (cause: unknown) => new GroupError('busy', TOO_LATE, { cause });

function unavailable(error: GroupError): SessionError {
  const message = `No Python session can be had now: ${error.message}`;
  return new SessionError('unavailable', message, { cause: error });
}

import { AgentSession } from './agent-client.ts';
import { condemning } from './condemn.ts';
import { placeOf } from './places.ts';
import type { Purpose, SessionLease, Sessions } from './session.ts';
import { sessionsBefore } from './session-incarnation.ts';
import { livingAgent } from './session-liveness.ts';
import { type RunningSession, startSession } from './session-start.ts';
import { discard, isOver, REMOVAL_GRACE_MS, type SessionsParts } from './sessions-parts.ts';
import { SharedStarts } from './shared-starts.ts';

const SWEEP_FAILED = 'the sweep for forgotten container groups failed';

/** Sessions by thread, on container groups, the thread's row and the queue of deletions. */
export function createSessions(parts: SessionsParts): Sessions {
  const { store, groups } = parts;
  const starts = new SharedStarts();

  async function acquire(threadId: string, signal: AbortSignal, purpose?: Purpose): Promise<SessionLease> {
    const stored = await store.get(threadId);
    let unusable: string | undefined;
    if (stored?.record.state === 'ready' && !isOver(parts, stored.record, purpose)) {
      // The usual case: one look at the row, one small question to the agent.
      const health = await livingAgent(stored.record, groups, signal);
      if (health) return lease({ stored, health, created: false });
      unusable = stored.record.group;
    }
    return starts.join(threadId, signal, async () => {
      // Beside it, and nobody waits for it: a slow list of groups must not hold back a session that is ready.
      parts.sweep().catch((error: unknown) => parts.report(SWEEP_FAILED, error));
      return lease(await startSession(parts, threadId, stored, unusable, signal));
    });
  }

  function lease({ stored, health, created }: RunningSession): SessionLease {
    const { record } = stored;
    const connection = { address: record.address ?? '', token: record.token };
    const agent = new AgentSession(connection, `${record.group}.${health.boot_id}`, health.generation);
    const session = condemning(agent, async () => {
      // A deadline in the past makes the next acquire replace it.
      await store.replace(stored, { ...record, deadline: parts.clock.now() });
      await discard(parts, record);
    });
    return {
      session,
      place: placeOf(record.group),
      created,
      replaced: created && sessionsBefore(record) > 0,
    };
  }

  async function remove(threadId: string): Promise<void> {
    const stored = await store.get(threadId);
    if (!stored) return;
    const { group } = stored.record;
    try {
      await groups.delete(group);
      await parts.share.free(stored.record);
    } catch (error) {
      parts.report(`container group ${group} is deleted later`, error);
      await parts.queue.enqueueRemoval({ threadId, group }, REMOVAL_GRACE_MS);
    }
    await store.remove(stored);
  }

  return { acquire, remove };
}

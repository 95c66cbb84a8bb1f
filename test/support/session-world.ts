import type { SessionsSettings } from '../../shared/sessions/sessions-parts.ts';
import { MemoryGroups } from './memory-groups.ts';
import { MemoryEndMarks, MemoryRemovalQueue, MemorySeats, MemorySessionStore } from './session-store.ts';
import { type TestSessions, testSessions } from './sessions.ts';

/** Several processes over the same storage and the same Azure, with one clock that the test moves. */
export class World implements AsyncDisposable {
  readonly groups = new MemoryGroups();
  readonly store = new MemorySessionStore();
  readonly queue = new MemoryRemovalQueue();
  readonly marks = new MemoryEndMarks();
  readonly seats = new MemorySeats();
  readonly clock = { time: Date.parse('2026-11-21T12:00:00Z'), now: () => this.clock.time };

  /** @param limit sessions of one project at a time */
  process(settings: Partial<SessionsSettings> = {}, limit = 1_000): TestSessions {
    const { groups, store, queue, marks, seats, clock } = this;
    return testSessions({ groups, store, queue, marks, seats, clock, settings, limit });
  }

  get live(): string[] {
    return [...this.groups.groups.keys()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.groups[Symbol.asyncDispose]();
  }
}

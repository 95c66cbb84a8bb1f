import type { SessionsSettings } from '../../shared/sessions/sessions-parts.ts';
import { MemoryGroups } from './memory-groups.ts';
import { MemoryEndMarks, MemoryRemovalQueue, MemorySessionStore } from './session-store.ts';
import { type TestSessions, testSessions } from './sessions.ts';

/** Several processes over the same storage and the same Azure, with one clock that the test moves. */
export class World implements AsyncDisposable {
  readonly groups = new MemoryGroups();
  readonly store = new MemorySessionStore();
  readonly queue = new MemoryRemovalQueue();
  readonly marks = new MemoryEndMarks();
  readonly clock = { time: Date.parse('2026-11-21T12:00:00Z'), now: () => this.clock.time };

  process(settings: Partial<SessionsSettings> = {}): TestSessions {
    const { groups, store, queue, marks, clock } = this;
    return testSessions({ groups, store, queue, marks, clock, settings });
  }

  get live(): string[] {
    return [...this.groups.groups.keys()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.groups[Symbol.asyncDispose]();
  }
}

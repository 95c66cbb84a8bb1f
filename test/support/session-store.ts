import type { Seat, Seats } from '../../shared/sessions/project-share.ts';
import type {
  EndMarks,
  RemovalQueue,
  SessionRecord,
  SessionStore,
  StoredSession,
} from '../../shared/sessions/session-record.ts';

/** Storage with a real table's rules: every write changes the ETag, and a stale one loses. */
export class MemorySessionStore implements SessionStore {
  readonly rows = new Map<string, StoredSession>();
  /** Storage transactions so far. */
  transactions = 0;
  /** Called before a write is applied: throw to crash there, or let another writer be first. */
  beforeWrite: (kind: 'insert' | 'replace' | 'remove', record: SessionRecord) => Promise<void> | void =
    () => {};
  #version = 0;

  async get(threadId: string): Promise<StoredSession | undefined> {
    await this.#transaction();
    return this.rows.get(threadId);
  }

  async insert(record: SessionRecord): Promise<StoredSession | undefined> {
    await this.#transaction();
    await this.beforeWrite('insert', record);
    return this.rows.has(record.threadId) ? undefined : this.#put(record);
  }

  async replace(stored: StoredSession, record: SessionRecord): Promise<StoredSession | undefined> {
    await this.#transaction();
    await this.beforeWrite('replace', record);
    const current = this.rows.get(stored.record.threadId);
    return current?.etag === stored.etag ? this.#put(record) : undefined;
  }

  async remove(stored: StoredSession): Promise<boolean> {
    await this.#transaction();
    await this.beforeWrite('remove', stored.record);
    const current = this.rows.get(stored.record.threadId);
    return current?.etag === stored.etag && this.rows.delete(stored.record.threadId);
  }

  #put(record: SessionRecord): StoredSession {
    this.#version += 1;
    const stored = { record, etag: `W/"${this.#version}"` };
    this.rows.set(record.threadId, stored);
    return stored;
  }

  async #transaction(): Promise<void> {
    this.transactions += 1;
    // A real store answers later: whoever runs meanwhile may get there first.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Remembers what was put; the test decides when a message is due. */
export class MemoryRemovalQueue implements RemovalQueue {
  readonly messages: { threadId: string; group: string; delayMs: number }[] = [];

  async enqueueRemoval(message: { threadId: string; group: string }, delayMs: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.messages.push({ ...message, delayMs });
  }

  readonly ends: { due: number; delayMs: number }[] = [];

  async enqueueEnds(due: number, delayMs: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.ends.push({ due, delayMs });
  }
}

/** Threads are of the project that the test names, the others of `project`. */
export class MemorySeats implements Seats {
  readonly projects = new Map<string, string>();
  readonly taken = new Map<string, Map<string, number>>();

  async projectOf(threadId: string): Promise<string> {
    return this.projects.get(threadId) ?? 'project';
  }

  async add(project: string, { group, deadline }: Seat): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.taken.set(project, (this.taken.get(project) ?? new Map()).set(group, deadline));
  }

  async remove(project: string, { group, deadline }: Seat): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const seats = this.taken.get(project);
    if (seats?.get(group) === deadline) seats.delete(group);
  }

  async living(project: string, now: number, most: number): Promise<string[]> {
    await new Promise((resolve) => setImmediate(resolve));
    const living = [...(this.taken.get(project) ?? [])].filter(([, deadline]) => deadline > now);
    return living.map(([group]) => group).slice(0, most);
  }
}

export class MemoryEndMarks implements EndMarks {
  readonly dues = new Set<number>();
  readonly has = async (due: number) => this.dues.has(due);
  readonly set = async (due: number) => void this.dues.add(due);
  readonly clear = async (due: number) => void this.dues.delete(due);
}

/** The session row in a thread's partition, and the slice of the store that sessions need. */
export interface SessionRecord {
  readonly threadId: string;
  /** In whose share it counts; rows of versions that counted none have no project. */
  readonly project: string | undefined;
  /** Container group name, derived from the thread and a random part per incarnation. */
  readonly group: string;
  readonly token: string;
  /** `http://10.1.2.4:8080`, known once the group has an address. */
  readonly address: string | undefined;
  /** `starting` until the agent answered; then `ready`. */
  readonly state: 'starting' | 'ready';
  /** Unix milliseconds; when somebody last set out to create the group. */
  readonly createdAt: number;
  /** Unix milliseconds. */
  readonly deadline: number;
  /** Agent's boot id: a group that was moved or restarted shows another one. */
  readonly bootId: string | undefined;
}

export interface StoredSession {
  readonly record: SessionRecord;
  readonly etag: string;
}

export interface SessionStore {
  get(threadId: string): Promise<StoredSession | undefined>;
  /** undefined when another writer was first. */
  insert(record: SessionRecord): Promise<StoredSession | undefined>;
  /** undefined when the row changed since it was read, or is gone. */
  replace(stored: StoredSession, record: SessionRecord): Promise<StoredSession | undefined>;
  /** Removes exactly this incarnation; true if it did. */
  remove(stored: StoredSession): Promise<boolean>;
}

/** Queue `chores`, as far as sessions put messages there. */
export interface RemovalQueue {
  /** The deletion of one container group that could not be deleted at once. */
  enqueueRemoval(message: { threadId: string; group: string }, delayMs: number): Promise<void>;
  /** The deletion of all groups whose time is up by then. @param due Unix milliseconds */
  enqueueEnds(due: number, delayMs: number): Promise<void>;
}

/** For which moments (Unix milliseconds) such a message is put. */
export interface EndMarks {
  has(due: number): Promise<boolean>;
  set(due: number): Promise<void>;
  clear(due: number): Promise<void>;
}

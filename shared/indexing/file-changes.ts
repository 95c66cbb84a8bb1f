import type { QueueReceipt } from '../api/run.ts';
import type { Attributes, IndexingError, StoreFileRecord } from '../api/vector-store-file.ts';

/** Every change of a file in a vector store, as pure functions. Times are Unix milliseconds. */

export const isLive = (record: StoreFileRecord): boolean =>
  !record.removed && record.object.status === 'in_progress';

export const isAttended = ({ work }: StoreFileRecord, now: number): boolean =>
  work.leaseOwner !== '' && work.leaseUntil > now;

/** Whether the file waits for something, with a message on its way for when that is over. */
export const isPaused = ({ work }: StoreFileRecord, now: number, leaseMs: number): boolean =>
  work.leaseOwner === '' && work.leaseUntil - leaseMs > now;

/** Whether somebody should have looked after the file by now, and this long ago. */
export const isOverdue = (record: StoreFileRecord, now: number, graceMs: number): boolean =>
  isLive(record) && now > record.work.leaseUntil + graceMs;

/** Taken by a worker. A watchdog that it put takes the place of the one before. */
export const claimed = (
  record: StoreFileRecord,
  lease: { readonly owner: string; readonly until: number },
  watchdog: QueueReceipt | null,
): StoreFileRecord => ({
  ...record,
  work: {
    ...record.work,
    leaseOwner: lease.owner,
    leaseUntil: lease.until,
    watchdog: watchdog ?? record.work.watchdog,
    tries: record.work.tries + 1,
  },
});

export const renewed = (
  record: StoreFileRecord,
  owner: string,
  until: number,
  watchdog: QueueReceipt | null,
): StoreFileRecord => ({
  ...record,
  work: { ...record.work, leaseOwner: owner, leaseUntil: until, watchdog },
});

/** Given back. @param expected by when somebody should have taken it */
export const unattended = (record: StoreFileRecord, expected: number): StoreFileRecord => ({
  ...record,
  work: { ...record.work, leaseOwner: '', leaseUntil: expected },
});

/** Something of it is saved: whatever troubled earlier workers did not stop it. */
export const progressed = (record: StoreFileRecord): StoreFileRecord => ({
  ...record,
  work: { ...record.work, tries: Math.min(record.work.tries, 1) },
});

export const completed = (record: StoreFileRecord, usageBytes: number): StoreFileRecord =>
  ended({ ...record, object: { ...record.object, status: 'completed', usage_bytes: usageBytes } });

export const failed = (record: StoreFileRecord, error: IndexingError): StoreFileRecord =>
  ended({ ...record, object: { ...record.object, status: 'failed', last_error: error, usage_bytes: 0 } });

export const cancelled = (record: StoreFileRecord): StoreFileRecord =>
  ended({ ...record, object: { ...record.object, status: 'cancelled', usage_bytes: 0 } });

export const removed = (record: StoreFileRecord): StoreFileRecord => ({ ...ended(record), removed: true });

export const withAttributes = (record: StoreFileRecord, attributes: Attributes | null): StoreFileRecord => ({
  ...record,
  object: { ...record.object, attributes: attributes ?? {} },
  work: { ...record.work, revision: record.work.revision + 1 },
});

const ended = (record: StoreFileRecord): StoreFileRecord => ({
  ...record,
  work: { ...record.work, leaseOwner: '', leaseUntil: 0, watchdog: null, tries: 0 },
});

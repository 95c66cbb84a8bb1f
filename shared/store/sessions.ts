import type { SessionRecord, SessionStore, StoredSession } from '../sessions/session-record.ts';
import { sessionRow } from './keys.ts';
import { Conflict, type DocumentTable, type Row } from './table.ts';

/** The session row of each thread. */
export function createSessionStore(threads: DocumentTable): SessionStore {
  const stored = (row: Row<SessionRecord>): StoredSession => ({ record: row.document, etag: row.etag });
  const unlessConflict = async <T>(write: Promise<T>): Promise<T | undefined> =>
    write.catch((error: unknown) => {
      if (error instanceof Conflict) return undefined;
      throw error;
    });

  return {
    async get(threadId) {
      const row = await threads.get<SessionRecord>(threadId, sessionRow);
      return row && stored(row);
    },
    async insert(record) {
      const versions = await unlessConflict(
        threads.commit(record.threadId, [{ type: 'insert', key: sessionRow, document: record }]),
      );
      return versions && { record, etag: versions.get(sessionRow)?.etag ?? '' };
    },
    async replace({ etag }, record) {
      const versions = await unlessConflict(
        threads.commit(record.threadId, [{ type: 'replace', key: sessionRow, document: record, etag }]),
      );
      return versions && { record, etag: versions.get(sessionRow)?.etag ?? '' };
    },
    async remove({ record, etag }) {
      // A transaction cannot delete conditionally: take the row under its ETag first, then delete it.
      const taken = await this.replace({ record, etag }, record);
      if (!taken) return false;
      await threads.commit(record.threadId, [{ type: 'delete', key: sessionRow }]);
      return true;
    },
  };
}

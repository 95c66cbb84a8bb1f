import type { EndMarks } from '../sessions/session-record.ts';
import { endMarkKey, endMarksPartition } from './keys.ts';
import { Conflict, type DocumentTable } from './table.ts';

/** Which messages about ends of sessions are put, so that processes do not put them all again. */
export function createEndMarks(threads: DocumentTable): EndMarks {
  return {
    has: async (due) => (await threads.get(endMarksPartition, endMarkKey(due))) !== undefined,
    async set(due) {
      await threads.commit(endMarksPartition, [{ type: 'upsert', key: endMarkKey(due), document: {} }]);
    },
    async clear(due) {
      await threads
        .commit(endMarksPartition, [{ type: 'delete', key: endMarkKey(due) }])
        .catch((error: unknown) => {
          // Two deliveries of one message: the other one was first.
          if (!(error instanceof Conflict)) throw error;
        });
    },
  };
}

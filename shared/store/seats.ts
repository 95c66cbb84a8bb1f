import type { Seats } from '../sessions/project-share.ts';
import { everyRow, seatKey, seatsPartition, threadRow } from './keys.ts';
import { Conflict, type DocumentTable, MAX_TRANSACTION_ROWS } from './table.ts';
import type { ThreadDocument } from './threads.ts';

/** The Python sessions of each project, ordered by their ends: those that are over are before all that live. */
export function createSeats(threads: DocumentTable): Seats {
  const remove = (project: string, keys: readonly string[]) =>
    threads
      .commit(
        seatsPartition(project),
        keys.map((key) => ({ type: 'delete', key })),
      )
      .catch((error: unknown) => {
        // Given back already, or another process forgets the same.
        if (!(error instanceof Conflict)) throw error;
      });

  return {
    async projectOf(threadId) {
      return (await threads.get<ThreadDocument>(threadId, threadRow))?.document.project;
    },
    async add(project, seat) {
      await threads.commit(seatsPartition(project), [{ type: 'upsert', key: seatKey(seat), document: {} }]);
    },
    async remove(project, seat) {
      await remove(project, [seatKey(seat)]);
    },
    async living(project, now, most) {
      const partition = seatsPartition(project);
      const [first, last] = everyRow;
      const since = seatKey({ deadline: now + 1, group: '' });
      const over = await threads.keys(partition, first, since, MAX_TRANSACTION_ROWS);
      if (over.length > 0) await remove(project, over);
      const keys = await threads.keys(partition, since, last, most);
      return keys.map((key) => key.slice(since.length));
    },
  };
}

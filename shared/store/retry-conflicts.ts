import { Conflict } from './table.ts';

/** Read, decide, write, and again when another writer was first. Contention on one thread is short. */
export async function retryConflicts<T>(attempt: () => Promise<T>, attempts = 20): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Conflict) || tried >= attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * tried));
    }
  }
}

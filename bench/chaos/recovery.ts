import { setTimeout as delay } from 'node:timers/promises';

import type { Runs } from '../../shared/store/runs.ts';

interface Watched {
  readonly threadId: string;
  readonly runId: string;
  readonly owner: string;
}

/** After this a run is taken not to have been on the host that died, or to be lost (which others count). */
const LOST_AFTER_MS = 120_000;

/**
 * How long runs wait for another worker after theirs has died: at a kill it notes who works on what, and then
 * looks until each of these has another owner. Those that ended under the same one were not on that host.
 */
export class Recovery {
  readonly #runs: Runs;
  readonly #live = new Map<string, string>();
  readonly #watching: Promise<void>[] = [];
  readonly times: number[] = [];

  constructor(runs: Runs) {
    this.#runs = runs;
  }

  /** Says that a run begins, and where. */
  follows(threadId: string, runId: string): void {
    this.#live.set(runId, threadId);
  }

  ended(runId: string): void {
    this.#live.delete(runId);
  }

  /** Call right before a kill; `died` says when it was. */
  async noteOwners(): Promise<(died: number) => void> {
    const watched = await Promise.all(
      [...this.#live].map(async ([runId, threadId]): Promise<Watched | undefined> => {
        const row = await this.#runs.rowOfAny(threadId, runId);
        const owner = row?.document.work.leaseOwner;
        return owner ? { threadId, runId, owner } : undefined;
      }),
    );
    return (died) => {
      for (const run of watched) if (run) this.#watching.push(this.#watch(run, died));
    };
  }

  async settled(): Promise<void> {
    await Promise.all(this.#watching);
  }

  async #watch({ threadId, runId, owner }: Watched, died: number): Promise<void> {
    while (performance.now() - died < LOST_AFTER_MS) {
      const row = await this.#runs.rowOfAny(threadId, runId);
      if (!row) return;
      const { object, work } = row.document;
      if (work.leaseOwner !== '' && work.leaseOwner !== owner) {
        this.times.push(performance.now() - died);
        return;
      }
      if (object.expires_at === null) return;
      await delay(100);
    }
  }
}

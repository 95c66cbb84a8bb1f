import { isDeepStrictEqual } from 'node:util';

import type { QueueReceipt, RunRecord } from '../api/run.ts';
import type { ThreadState } from '../api/thread.ts';
import { SECOND, unixSeconds } from '../clock.ts';
import { errorFields } from '../log.ts';
import type { RunRow } from '../store/runs.ts';
import { type Change, Conflict } from '../store/table.ts';
import type { EngineDependencies } from './dependencies.ts';
import { Interruption } from './interruption.ts';
import { isTerminal, transition } from './run-state.ts';

/** How often a worker looks whether its run was cancelled. Short runs never look. */
const POLL_MS = SECOND;

/**
 * A run that this invocation works on. Holds the lease: renews it and puts the watchdog off while alive, and
 * writes only under the ETag that it last saw, so that of two workers one wins and the other leaves.
 */
export class ClaimedRun {
  readonly owner: string;
  readonly #dependencies: EngineDependencies;
  readonly #abort = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  #row: RunRow;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(dependencies: EngineDependencies, row: RunRow, owner: string) {
    this.#dependencies = dependencies;
    this.#row = row;
    this.owner = owner;
  }

  /** Takes the lease. undefined when another worker holds it or took it first, or the run has ended. */
  static async claim(
    dependencies: EngineDependencies,
    row: RunRow,
    owner: string,
    watchdog: QueueReceipt | null,
  ): Promise<ClaimedRun | undefined> {
    const { clock, config, stores, crash } = dependencies;
    const { object, work } = row.document;
    const now = clock.now();
    if (isTerminal(object.status) || object.status === 'requires_action') return undefined;
    if (work.leaseOwner && work.leaseUntil > now) return undefined;
    crash('before-claim');
    const record: RunRecord = {
      ...row.document,
      object: object.status === 'queued' ? transition(object, 'in_progress', unixSeconds(now)) : object,
      work: {
        ...work,
        watchdog: watchdog ?? work.watchdog,
        leaseOwner: owner,
        leaseUntil: now + config.RUN_LEASE_SECONDS,
        attempts: work.attempts + 1,
      },
    };
    try {
      const claimed = await stores.runs.save(row, record);
      crash('after-claim');
      return ClaimedRun.held(dependencies, claimed, owner);
    } catch (error) {
      if (error instanceof Conflict) return undefined;
      throw error;
    }
  }

  /** Begins work on a run whose lease `owner` holds already. */
  static held(dependencies: EngineDependencies, row: RunRow, owner: string): ClaimedRun {
    const claimed = new ClaimedRun(dependencies, row, owner);
    claimed.#start();
    return claimed;
  }

  get record(): RunRecord {
    return this.#row.document;
  }

  /** Aborts with an {@link Interruption}. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  interrupt(interruption: Interruption): void {
    this.#abort.abort(interruption);
  }

  /** Saves the run together with other rows. @throws {Interruption} */
  async save(change: (record: RunRecord) => RunRecord, changes: readonly Change[] = []): Promise<void> {
    await this.#serially(() =>
      this.#write(change, (row, next) => this.#dependencies.stores.runs.save(row, next, changes)),
    );
  }

  /**
   * Saves the run's end and unlocks the thread, then forgets the watchdog. A cancellation that arrived
   * meanwhile wins over any other end.
   */
  async finish(
    change: (record: RunRecord) => RunRecord,
    changes: readonly Change[],
    state: Partial<ThreadState>,
  ): Promise<void> {
    const { stores, runQueue, crash } = this.#dependencies;
    crash('before-final-transaction');
    const watchdog = await this.#serially(async () => {
      const waiting = this.record.work.watchdog;
      await this.#write(change, (row, next) => stores.runs.finish(row, next, changes, state));
      return waiting;
    });
    crash('after-final-transaction');
    this.stop();
    if (watchdog) await runQueue.remove(watchdog);
  }

  /** Stops timers; the lease itself is given back by a save or runs out. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #write(
    change: (record: RunRecord) => RunRecord,
    write: (row: RunRow, next: RunRecord) => Promise<RunRow>,
  ): Promise<void> {
    for (;;) {
      const next = change(this.#row.document);
      try {
        this.#row = await write(this.#row, next);
        return;
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        // A write whose answer was lost is found done: its retry conflicts with itself.
        if (await this.#reload(next)) return;
      }
    }
  }

  /** Adopts the stored version. True when it is `expected` already. @throws {Interruption} */
  async #reload(expected?: RunRecord): Promise<boolean> {
    const { object } = this.record;
    const before = object.status;
    const row = await this.#dependencies.stores.runs.row(object.thread_id, object.id);
    if (!row) throw this.#lost();
    if (expected && isDeepStrictEqual(row.document, JSON.parse(JSON.stringify(expected)))) {
      this.#row = row;
      return true;
    }
    if (row.document.work.leaseOwner !== this.owner || isTerminal(row.document.object.status))
      throw this.#lost();
    this.#row = row;
    if (row.document.object.status === 'cancelling' && before !== 'cancelling') {
      const cancelling = new Interruption('cancelling');
      this.interrupt(cancelling);
      throw cancelling;
    }
    return false;
  }

  #lost(): Interruption {
    const lost = new Interruption('lost');
    this.interrupt(lost);
    return lost;
  }

  /** One write at a time: a renewal must not race with a save of the same process. */
  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(work);
    this.#writing = result.catch(() => undefined);
    return result;
  }

  #start(): void {
    const { config, clock } = this.#dependencies;
    this.#every(config.RUN_LEASE_SECONDS / 3, () => this.#renew());
    this.#every(POLL_MS, () => this.#serially(() => this.#reload()));
    const { expires_at } = this.record.object;
    if (expires_at !== null) {
      const timer = setTimeout(
        () => this.interrupt(new Interruption('expired')),
        Math.max(0, expires_at * SECOND - clock.now()),
      );
      this.#timers.push(timer);
    }
  }

  /** Passing faults of storage are left to the next beat: the lease has room for two. */
  #every(milliseconds: number, beat: () => Promise<unknown>): void {
    let beating = false;
    const timer = setInterval(() => {
      if (beating || this.signal.aborted) return;
      beating = true;
      beat()
        .catch((error: unknown) => {
          if (!(error instanceof Interruption)) {
            this.#dependencies.log.warn('could not renew or check a lease', {
              run: this.record.object.id,
              ...errorFields(error),
            });
          }
        })
        .finally(() => {
          beating = false;
        });
    }, milliseconds);
    this.#timers.push(timer);
  }

  async #renew(): Promise<void> {
    const { runQueue, config, clock } = this.#dependencies;
    const { object, work } = this.record;
    const message = { threadId: object.thread_id, runId: object.id, kind: 'watch' } as const;
    const postponed =
      work.watchdog && (await runQueue.postpone(work.watchdog, message, config.RUN_LEASE_SECONDS));
    const watchdog = postponed || (await runQueue.put(message, config.RUN_LEASE_SECONDS));
    await this.save((record) => ({
      ...record,
      work: { ...record.work, watchdog, leaseUntil: clock.now() + config.RUN_LEASE_SECONDS },
    }));
  }
}

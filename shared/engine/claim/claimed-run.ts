import { setTimeout as delay } from 'node:timers/promises';

import type { QueueReceipt, RunRecord } from '../../api/run.ts';
import type { ThreadState } from '../../api/thread.ts';
import { SECOND } from '../../clock.ts';
import { errorFields } from '../../log.ts';
import { claimed, isClaimable, renewed, unattended } from '../../run/run-changes.ts';
import { isTerminal } from '../../run/run-state.ts';
import type { RunRow } from '../../store/runs.ts';
import { type Change, Conflict } from '../../store/table.ts';
import type { EngineDependencies } from './dependencies.ts';
import { heartbeat } from './heartbeat.ts';
import { Interruption } from './interruption.ts';

/** How often a worker looks whether its run was cancelled or its thread deleted. Short runs never look. */
const POLL_MS = SECOND / 2;
/** Conflicts in a row that cannot be explained: then storage is not itself, and the run is left to a later try. */
const MAX_UNEXPLAINED_CONFLICTS = 5;

/** A run as it ends, with all that changes in the same transaction. */
export interface EndingWrite {
  readonly record: RunRecord;
  readonly changes: readonly Change[];
  readonly state: Partial<ThreadState>;
}

/**
 * A run that this invocation works on. Holds the lease: renews it and puts the watchdog off while alive, and
 * writes only under the ETag that it last saw, so that of two workers one wins and the other leaves.
 */
export class ClaimedRun {
  readonly owner: string;
  readonly #dependencies: EngineDependencies;
  readonly #abort = new AbortController();
  #stopBeating: () => void = () => {};
  #beating = true;
  #row: RunRow;
  #onConflict: () => Promise<boolean> = async () => false;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(dependencies: EngineDependencies, row: RunRow, owner: string) {
    this.#dependencies = dependencies;
    this.#row = row;
    this.owner = owner;
  }

  /**
   * Takes the lease. undefined when another worker holds it, or the run has ended.
   * @throws {Conflict} when the run changed since it was read
   */
  static async claim(
    dependencies: EngineDependencies,
    row: RunRow,
    owner: string,
    watchdog: QueueReceipt | null,
  ): Promise<ClaimedRun | undefined> {
    const { clock, config, stores, crash } = dependencies;
    const now = clock.now();
    if (!isClaimable(row.document, now)) return undefined;
    crash('before-claim');
    const lease = { owner, now, leaseMs: config.runLeaseMs };
    const taken = await stores.runs.save(row, claimed(row.document, lease, watchdog));
    crash('after-claim');
    return ClaimedRun.held(dependencies, taken, owner);
  }

  /** Begins work on a run whose lease `owner` holds already. */
  static held(dependencies: EngineDependencies, row: RunRow, owner: string): ClaimedRun {
    const held = new ClaimedRun(dependencies, row, owner);
    held.#start();
    return held;
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

  /**
   * @param look for what the run's own row does not explain: whether other rows that it writes have changed, so that
   * the same write may succeed now
   */
  onConflict(look: () => Promise<boolean>): void {
    this.#onConflict = look;
  }

  /**
   * Saves the run together with other rows.
   * @param change applied to the newest version, and again when that changed meanwhile
   * @param changes asked for with every attempt
   * @throws {Interruption}
   */
  async save(
    change: (record: RunRecord) => RunRecord,
    changes: () => readonly Change[] = () => [],
  ): Promise<void> {
    const { runs } = this.#dependencies.stores;
    await this.#serially(() => this.#write((row) => runs.save(row, change(row.document), changes())));
  }

  /**
   * Saves the run's end and unlocks the thread. Returns the watchdog, which is of no more use.
   * @param end applied to the newest version, which may have begun to be cancelled
   * @throws {Interruption}
   */
  async finish(end: (record: RunRecord) => EndingWrite): Promise<QueueReceipt | null> {
    const { stores, crash } = this.#dependencies;
    crash('before-final-transaction');
    const watchdog = await this.#serially(async () => {
      const waiting = this.record.work.watchdog;
      await this.#write((row) => {
        const { record, changes, state } = end(row.document);
        return stores.runs.finish(row, record, changes, state);
      });
      this.stop();
      return waiting;
    });
    crash('after-final-transaction');
    return watchdog;
  }

  /** Saves the run as nobody's; the watchdog stays. @throws {Interruption} */
  async giveBack(change: (record: RunRecord) => RunRecord = (record) => record): Promise<void> {
    const { clock, config } = this.#dependencies;
    this.stop();
    await this.save((record) => unattended(change(record), clock.now() + config.runLeaseMs));
  }

  /** Renews nothing any more; the lease itself is given back by a save or runs out. */
  stop(): void {
    this.#beating = false;
    this.#stopBeating();
  }

  async #write(write: (row: RunRow) => Promise<RunRow>): Promise<void> {
    for (let unexplained = 0; ; ) {
      const before = this.#row;
      if (isTerminal(before.document.object.status)) throw this.#left('lost');
      try {
        this.#row = await write(before);
        return;
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        await this.#reload();
        if (this.#row.etag !== before.etag) continue;
        // Not the run but its thread or a message: deleted, unless storage made the conflict up.
        await this.#checkThread();
        if (await this.#onConflict()) continue;
        if (++unexplained >= MAX_UNEXPLAINED_CONFLICTS) throw error;
        await delay(unexplained * 50);
      }
    }
  }

  /** Adopts the stored version. @throws {Interruption} */
  async #reload(): Promise<void> {
    const { project, object } = this.record;
    const row = await this.#dependencies.stores.runs.row(project, object.thread_id, object.id);
    if (!row) throw this.#left('gone');
    if (row.document.work.leaseOwner !== this.owner || isTerminal(row.document.object.status))
      throw this.#left('lost');
    this.#row = row;
    if (row.document.object.status === 'cancelling' && object.status !== 'cancelling') {
      throw this.#left('cancelling');
    }
  }

  async #checkThread(): Promise<void> {
    const { object, project } = this.record;
    if (!(await this.#dependencies.stores.threads.row(project, object.thread_id))) throw this.#left('gone');
  }

  #left(reason: 'cancelling' | 'lost' | 'gone'): Interruption {
    const interruption = new Interruption(reason);
    this.interrupt(interruption);
    return interruption;
  }

  /** One write at a time: a renewal must not race with a save of the same process. */
  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(work);
    this.#writing = result.catch(() => undefined);
    return result;
  }

  #start(): void {
    const { config, clock, log } = this.#dependencies;
    // Passing faults are left to the next beat: the lease has room for two.
    const onError = (error: unknown) => {
      if (error instanceof Interruption) return;
      log.warn('could not renew or check a lease', { run: this.record.object.id, ...errorFields(error) });
    };
    const whileBeating = (work: () => Promise<void>) => () =>
      this.#serially(async () => {
        if (this.#beating && !this.signal.aborted) await work();
      });
    const stopBeats = heartbeat(
      [
        { everyMs: config.runLeaseMs / 3, beat: whileBeating(() => this.#renew()) },
        { everyMs: POLL_MS, beat: whileBeating(() => this.#reload()) },
      ],
      onError,
    );
    const remaining = (this.record.object.expires_at ?? 0) * SECOND - clock.now();
    const expiry = setTimeout(() => this.interrupt(new Interruption('expired')), Math.max(0, remaining));
    this.#stopBeating = () => {
      stopBeats();
      clearTimeout(expiry);
    };
  }

  /** The watchdog wakes when the lease has run out, not a moment before. */
  async #renew(): Promise<void> {
    const { runQueue, config, clock, stores } = this.#dependencies;
    const { object, work } = this.record;
    const message = { threadId: object.thread_id, runId: object.id, kind: 'watch' } as const;
    const until = clock.now() + config.runLeaseMs;
    const postponed = work.watchdog && (await runQueue.postpone(work.watchdog, message, config.runLeaseMs));
    const watchdog = postponed || (await runQueue.put(message, config.runLeaseMs));
    await this.#write((row) => stores.runs.save(row, renewed(row.document, until, watchdog)));
  }
}

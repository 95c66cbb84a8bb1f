import { randomUUID } from 'node:crypto';

import type { StoreFileRecord } from '../api/vector-store-file.ts';
import { heartbeat } from '../engine/claim/heartbeat.ts';
import { errorFields } from '../log.ts';
import type { StoreFileRow } from '../store/store-files.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { isLive, renewed, unattended } from './file-changes.ts';

/** The file is no longer this worker's: it was removed, cancelled, added anew, or another worker has it. */
export class LostFile extends Error {
  constructor(fileId: string) {
    super(`The file ${fileId} is no longer this worker's.`);
    this.name = 'LostFile';
  }
}

/** The worker is to stop: its time is up, or its process ends. */
export class Interrupted extends Error {
  constructor() {
    super('Work on the file was interrupted.');
    this.name = 'Interrupted';
  }
}

/**
 * A file that this invocation works on. Renews the lease and puts the watchdog off while alive; writes only as long
 * as the file is its own, so that of two workers one wins and the other leaves.
 */
export class ClaimedFile {
  readonly #dependencies: IndexingDependencies;
  readonly #abort = new AbortController();
  #row: StoreFileRow;
  #owner: string;
  readonly #ownName = randomUUID();
  readonly #stopBeating: () => void;
  #beating = true;
  #writing: Promise<unknown> = Promise.resolve();

  /** @param owner who holds the lease in `row` */
  constructor(dependencies: IndexingDependencies, row: StoreFileRow, owner: string) {
    this.#dependencies = dependencies;
    this.#row = row;
    this.#owner = owner;
    const beat = () =>
      this.#serially(async () => {
        if (this.#beating && !this.signal.aborted) await this.#renew();
      });
    // Passing faults are left to the next beat: the lease has room for two.
    this.#stopBeating = heartbeat([{ everyMs: dependencies.config.runLeaseMs / 3, beat }], (error) => {
      if (error instanceof LostFile) this.#abort.abort(error);
      else
        dependencies.log.warn('could not renew a lease', {
          file: this.record.object.id,
          ...errorFields(error),
        });
    });
  }

  get record(): StoreFileRecord {
    return this.#row.document;
  }

  /** Aborted with {@link LostFile} or {@link Interrupted}. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  interrupt(): void {
    this.#abort.abort(new Interrupted());
  }

  /** @throws {LostFile} */
  save(change: (record: StoreFileRecord) => StoreFileRecord): Promise<StoreFileRecord> {
    return this.#serially(() => this.#write(change));
  }

  /** Saves the file as nobody's; the watchdog stays, and looks after it in `afterMs`. @throws {LostFile} */
  async giveBack(afterMs: number): Promise<void> {
    this.stop();
    const { clock, config } = this.#dependencies;
    await this.save((record) => unattended(record, clock.now() + afterMs + config.runLeaseMs));
  }

  /** Renews nothing any more. */
  stop(): void {
    this.#beating = false;
    this.#stopBeating();
  }

  async #write(change: (record: StoreFileRecord) => StoreFileRecord): Promise<StoreFileRecord> {
    const { storeFiles } = this.#dependencies.stores;
    const { vector_store_id: storeId, id } = this.record.object;
    const row = await storeFiles.update(
      storeId,
      id,
      (record) => {
        if (!this.#isOwn(record)) throw new LostFile(id);
        return change(record);
      },
      this.#row,
    );
    if (!row) throw new LostFile(id);
    this.#row = row;
    return row.document;
  }

  #isOwn(record: StoreFileRecord): boolean {
    return (
      isLive(record) &&
      record.work.attempt === this.record.work.attempt &&
      record.work.leaseOwner === this.#owner
    );
  }

  /** The watchdog wakes when the lease has run out, not a moment before. */
  async #renew(): Promise<void> {
    const { config, clock, indexQueue } = this.#dependencies;
    const { object, work } = this.record;
    const now = clock.now();
    const place = { storeId: object.vector_store_id, fileId: object.id };
    const message = { type: 'index-file', ...place, kind: 'watch', since: now } as const;
    const postponed = work.watchdog && (await indexQueue.postpone(work.watchdog, message, config.runLeaseMs));
    const watchdog = postponed || (await indexQueue.put(message, config.runLeaseMs));
    await this.#write((record) => renewed(record, this.#ownName, now + config.runLeaseMs, watchdog));
    this.#owner = this.#ownName;
  }

  /** One write at a time: a renewal must not race with a save of the same process. */
  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(work);
    this.#writing = result.catch(() => undefined);
    return result;
  }
}

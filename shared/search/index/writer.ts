import { setTimeout as delay } from 'node:timers/promises';

import type { ContainerClient } from '@azure/storage-blob';

import type { Clock } from '../../clock.ts';
import { newSortKey } from '../../ids.ts';
import type { StoreName } from '../search-index.ts';
import { indexPrefix, statusOf } from './blobs.ts';
import type { Manifest, Manifests, StoredManifest } from './manifest.ts';

/**
 * A log that is to be merged is sealed by an endless lease: whoever appends to it is refused from then on. All
 * sealers use the same lease, so that one goes on where another one died.
 */
export const SEAL = '5e41ed00-1065-4c0d-a5e4-5ea1ed106000';

/** A larger log is begun anew: it is read whole by every process that has not searched the store yet. */
const MAX_LOG_BYTES = 32 * 1024 * 1024;
/** Entries or bytes after which a log is to be merged. */
const MERGE_BLOCKS = 64;
const MERGE_BYTES = 2 * 1024 * 1024;
const MAX_ATTEMPTS = 20;

export const emptyManifest: Manifest = {
  format: 1,
  logs: [],
  segments: [],
  removed: [],
  attributes: [],
  garbage: [],
};

/** Appends entries to the log that takes them at the moment, and begins a new one where it is full or sealed. */
export class LogWriter {
  readonly #container: ContainerClient;
  readonly #manifests: Manifests;
  readonly #clock: Clock;

  constructor(container: ContainerClient, manifests: Manifests, clock: Clock) {
    this.#container = container;
    this.#manifests = manifests;
    this.#clock = clock;
  }

  /**
   * @param known the manifest as far as this process knows it; an old one costs a request more and nothing else
   * @returns the manifest whose log has the entry, and whether that log should be merged
   */
  async append(
    store: StoreName,
    entry: Buffer,
    known: StoredManifest | undefined,
    signal?: AbortSignal,
  ): Promise<{ stored: StoredManifest; compactionDue: boolean }> {
    let stored = known ?? (await this.#manifests.read(store));
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      stored ??= await this.begin(store, undefined);
      const name = stored?.manifest.logs.at(-1);
      if (stored && name) {
        const appended = await this.#appendTo(name, entry, signal);
        if (appended) return { stored, compactionDue: appended.compactionDue };
      }
      if (attempt >= MAX_ATTEMPTS) throw new Error('The index has too many writers.');
      const current = await this.#manifests.read(store);
      // Still the same log, which is full or sealed: whoever notices it begins the next.
      const isStale = current?.manifest.logs.at(-1) !== name;
      stored = isStale ? current : await this.begin(store, current);
      if (!stored) await delay(Math.random() * 20 * attempt);
    }
  }

  /** A new log after those of `stored`, whose last takes no more. @returns undefined when somebody else was first */
  async begin(store: StoreName, stored: StoredManifest | undefined): Promise<StoredManifest | undefined> {
    const last = stored?.manifest.logs.at(-1);
    // Sealed first: a small entry may fit where a large one did not, and would be merged by nobody.
    if (last && !(await this.#seal(last))) return undefined;
    const name = `${indexPrefix(store)}log-${newSortKey(this.#clock.now())}`;
    const manifest = stored?.manifest ?? emptyManifest;
    await this.#container.getAppendBlobClient(name).createIfNotExists();
    const written = await this.#manifests.replace(
      store,
      { ...manifest, logs: [...manifest.logs, name] },
      stored,
    );
    if (!written) await this.#container.getBlobClient(name).deleteIfExists();
    return written;
  }

  /** @returns undefined when the log takes no more entries */
  async #appendTo(
    name: string,
    entry: Buffer,
    signal: AbortSignal | undefined,
  ): Promise<{ compactionDue: boolean } | undefined> {
    try {
      const { blobAppendOffset, blobCommittedBlockCount = 0 } = await this.#container
        .getAppendBlobClient(name)
        .appendBlock(entry, entry.length, {
          conditions: { maxSize: MAX_LOG_BYTES },
          ...(signal ? { abortSignal: signal } : {}),
        });
      const before = Number(blobAppendOffset ?? 0);
      const crossed = (size: number) =>
        Math.floor(before / size) !== Math.floor((before + entry.length) / size);
      return { compactionDue: blobCommittedBlockCount % MERGE_BLOCKS === 0 || crossed(MERGE_BYTES) };
    } catch (error) {
      // Full (by size or by blocks), sealed, or merged and deleted already.
      if ([404, 409, 412].includes(statusOf(error) ?? 0)) return undefined;
      throw error;
    }
  }

  /** From here on the log takes no entries. @returns false when it is gone */
  async #seal(name: string): Promise<boolean> {
    try {
      await this.#container.getBlobClient(name).getBlobLeaseClient(SEAL).acquireLease(-1);
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }
}

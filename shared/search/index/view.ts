import type { ContainerClient } from '@azure/storage-blob';

import type { StoreName } from '../search-index.ts';
import { readRange } from './blobs.ts';
import type { ByteCache } from './byte-cache.ts';
import { type AttributesChange, type Changes, liveFiles } from './live-files.ts';
import { decodeEntries, type LogEntry } from './log-entry.ts';
import type { Manifests, SegmentInfo, StoredManifest } from './manifest.ts';
import { type Part, partInBlob, partInMemory } from './part.ts';
import type { SegmentFile } from './segment.ts';

/** An index as it was at one moment: its manifest, and the logs as far as they were written. */
export interface View {
  readonly stored: StoredManifest;
  readonly logs: readonly LogState[];
}

export interface LogState {
  readonly name: string;
  readonly entries: readonly LogEntry[];
  /** Bytes read, all of them in whole entries. */
  readonly position: number;
  /** Nothing is appended any more. */
  readonly sealed: boolean;
}

/** What of a view is searched. */
export interface Contents {
  readonly parts: readonly Part[];
  /** The files that count, by part. */
  readonly live: readonly (readonly SegmentFile[])[];
}

export class Views {
  readonly #container: ContainerClient;
  readonly #manifests: Manifests;
  readonly #cache: ByteCache;
  readonly #contents = new WeakMap<View, Promise<Contents>>();

  constructor(container: ContainerClient, manifests: Manifests, cache: ByteCache) {
    this.#container = container;
    this.#manifests = manifests;
    this.#cache = cache;
  }

  /**
   * The index as it is now, of which `known` is read again only as far as it has changed; `known` itself when it has
   * not. @throws {BlobGone} when the known view is too old to go on from
   */
  async refresh(store: StoreName, known?: View): Promise<View | undefined> {
    const last = known?.logs.at(-1);
    const [stored, tail] = await Promise.all([
      this.#manifests.read(store, known?.stored),
      last && !last.sealed ? this.#readOn(last) : last,
    ]);
    if (!stored) return undefined;
    if (known && stored.etag === known.stored.etag) {
      return tail === last || !tail ? known : { stored, logs: [...known.logs.slice(0, -1), tail] };
    }
    const { logs } = stored.manifest;
    return {
      stored,
      logs: await Promise.all(
        logs.map(async (name, index) => {
          const state = known?.logs.find((log) => log.name === name) ?? newLog(name);
          if (state.sealed) return state;
          const read = await this.#readOn(state);
          return { ...read, sealed: index < logs.length - 1 };
        }),
      ),
    };
  }

  async #readOn(log: LogState): Promise<LogState> {
    const bytes = await readRange(this.#container, log.name, log.position);
    const { entries, read } = decodeEntries(bytes);
    if (read === 0) return log;
    return { ...log, entries: [...log.entries, ...entries], position: log.position + read };
  }

  /** Read at the first call; the view is kept with them. @throws {BlobGone} */
  contents(view: View): Promise<Contents> {
    let contents = this.#contents.get(view);
    if (!contents) {
      contents = this.#load(view);
      this.#contents.set(view, contents);
      contents.catch(() => this.#contents.delete(view));
    }
    return contents;
  }

  async #load(view: View): Promise<Contents> {
    const parts = await Promise.all(
      segmentsOf(view).map(
        (info) =>
          this.#cache.load(
            `${info.name}#head`,
            ({ bytes }: Part) => bytes,
            () => partInBlob(this.#container, this.#cache, info),
          ) as Promise<Part>,
      ),
    );
    for (const { entries } of view.logs) {
      for (const entry of entries) {
        if (entry.type === 'file') parts.push(partInMemory(entry.segment, entry.bytes));
      }
    }
    return {
      parts,
      live: liveFiles(
        parts.map(({ head }) => head),
        changesOf(view),
      ),
    };
  }
}

const newLog = (name: string): LogState => ({ name, entries: [], position: 0, sealed: false });

export function segmentsOf({ stored, logs }: Pick<View, 'stored' | 'logs'>): SegmentInfo[] {
  const pointers = logs.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.type === 'segment' ? [entry.info] : [])),
  );
  // A pointer whose answer was lost is appended twice.
  return [...new Map([...stored.manifest.segments, ...pointers].map((info) => [info.name, info])).values()];
}

export function changesOf({ stored, logs }: Pick<View, 'stored' | 'logs'>): Changes {
  const removed = new Map<string, number>();
  const attributes = new Map<string, AttributesChange>();
  const remove = (fileId: string, attempt: number) =>
    removed.set(fileId, Math.max(attempt, removed.get(fileId) ?? Number.NEGATIVE_INFINITY));
  const change = ({ fileId, ...latest }: AttributesChange & { fileId: string }) => {
    const known = attributes.get(fileId);
    if (!known || latest.revision > known.revision)
      attributes.set(fileId, { attributes: latest.attributes, revision: latest.revision });
  };
  for (const [fileId, attempt] of stored.manifest.removed) remove(fileId, attempt);
  for (const ahead of stored.manifest.attributes) change(ahead);
  for (const entry of logs.flatMap(({ entries }) => entries)) {
    if (entry.type === 'removal') remove(entry.fileId, entry.attempt);
    if (entry.type === 'attributes') change(entry);
  }
  return { removed, attributes };
}

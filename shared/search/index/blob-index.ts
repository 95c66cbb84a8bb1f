import type { ContainerClient } from '@azure/storage-blob';

import type { Clock } from '../../clock.ts';
import {
  type Appended,
  type Compacted,
  type Hit,
  type IndexQuery,
  MAX_PASSAGES,
  type NewIndexFile,
  type SearchIndex,
  type StoreName,
  TooLongForIndex,
  type Written,
  WrongDimensions,
} from '../search-index.ts';
import type { TextStore } from '../text/text-store.ts';
import { BlobGone, deleteAll, indexPrefix } from './blobs.ts';
import { segmentOfFile } from './build-segment.ts';
import { ByteCache } from './byte-cache.ts';
import { candidates } from './candidates.ts';
import { type CompactionPoint, compactIndex, writeSegment } from './compaction.ts';
import { readTexts } from './hit-texts.ts';
import { encodeEntry } from './log-entry.ts';
import { Manifests, type StoredManifest } from './manifest.ts';
import { type Ranked, rank } from './rank.ts';
import { encodeSegment } from './segment.ts';
import { queryTerms } from './terms.ts';
import { packQuery } from './vectors.ts';
import { type Contents, type View, Views } from './view.ts';
import { LogWriter, SEAL } from './writer.ts';

/** Memory that indexes take in a process, whatever their number and size. */
const CACHE_BYTES = 112 * 1024 * 1024;
/** A larger file gets a segment of its own: an entry of a log has at most 4 MiB, and the log is read whole. */
const MAX_ENTRY_BYTES = 1024 * 1024;
/** Words of a query beyond these are left out; a longer query is a text, and its vector stands for it. */
const QUERY_TERMS = 48;
const VIEWS_ATTEMPTS = 3;
const EVEN = { vector: 0.5, text: 0.5 };

export interface BlobIndexOptions {
  readonly container: ContainerClient;
  readonly texts: TextStore;
  readonly clock: Clock;
  readonly crash?: (point: CompactionPoint) => void;
  readonly cacheBytes?: number;
}

/**
 * An index that is nothing but blobs: immutable segments, a log for what is new, and a manifest that says which of
 * them count. Every search looks at every passage (one byte a dimension) and reads the
 * lists of the query's words. Nothing runs, and nothing is paid but storage, while nobody searches.
 */
export class BlobIndex implements SearchIndex {
  readonly #options: BlobIndexOptions;
  readonly #cache: ByteCache;
  readonly #manifests: Manifests;
  readonly #views: Views;
  readonly #writer: LogWriter;
  readonly #refreshing = new Map<string, Refreshing>();

  constructor(options: BlobIndexOptions) {
    this.#options = options;
    const { container, clock } = options;
    this.#cache = new ByteCache(options.cacheBytes ?? CACHE_BYTES);
    this.#manifests = new Manifests(container);
    this.#views = new Views(container, this.#manifests, this.#cache);
    this.#writer = new LogWriter(container, this.#manifests, clock);
  }

  async append(store: StoreName, file: NewIndexFile, signal?: AbortSignal): Promise<Appended> {
    if (file.passages.length > MAX_PASSAGES) throw new TooLongForIndex(file.passages.length);
    const parts = await segmentOfFile(file);
    const { pieces, sizes } = encodeSegment(parts);
    const bytes = sizes.head + sizes.lists + sizes.vectors;
    const usageBytes = bytes + file.text.length;
    if (bytes <= MAX_ENTRY_BYTES) {
      return {
        ...(await this.#write(store, encodeEntry({ type: 'file', sizes }, pieces), signal)),
        usageBytes,
      };
    }
    const info = await writeSegment(store, parts, this.#options, signal);
    return { ...(await this.#write(store, encodeEntry({ type: 'segment', info }), signal)), usageBytes };
  }

  async remove(store: StoreName, fileId: string, attempt: number): Promise<Written> {
    await this.#write(store, encodeEntry({ type: 'removal', fileId, attempt }));
    // What was removed has to leave the blobs, however little else is written.
    return { compactionDue: true };
  }

  setAttributes(
    store: StoreName,
    fileId: string,
    change: Parameters<SearchIndex['setAttributes']>[2],
  ): Promise<Written> {
    return this.#write(store, encodeEntry({ type: 'attributes', fileId, ...change }));
  }

  async search(store: StoreName, query: IndexQuery, signal?: AbortSignal): Promise<Hit[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const view = await this.#view(store);
        signal?.throwIfAborted();
        return view ? await this.#searchIn(store, view, query, signal) : [];
      } catch (error) {
        if (!(error instanceof BlobGone) || attempt >= VIEWS_ATTEMPTS) throw error;
        // It was compacted while this process kept an old view.
        this.#cache.delete(viewKey(store));
      }
    }
  }

  async #searchIn(
    store: StoreName,
    view: View,
    query: IndexQuery,
    signal: AbortSignal | undefined,
  ): Promise<Hit[]> {
    const contents = await this.#views.contents(view);
    this.#cache.set(viewKey(store), view, sizeOf(view, contents));
    const dimensions = contents.parts.find(({ head }) => head.starts.length > 0)?.head.dimensions;
    if (query.vector && dimensions !== undefined && query.vector.length !== dimensions)
      throw new WrongDimensions(query.vector.length, dimensions);
    const found = await candidates(contents, {
      terms: queryTerms(query.text).slice(0, QUERY_TERMS),
      vector: query.vector && packQuery(query.vector),
      filter: query.filter,
    });
    signal?.throwIfAborted();
    const weights = query.vector ? (query.weights ?? EVEN) : { vector: 0, text: 1 };
    const best = rank(found, weights)
      .filter(({ score }) => score >= (query.threshold ?? 0))
      .slice(0, query.limit);
    return this.#hits(store, contents, best, signal);
  }

  async #hits(
    { project }: StoreName,
    { parts }: Contents,
    ranked: readonly Ranked[],
    signal: AbortSignal | undefined,
  ): Promise<Hit[]> {
    const places = ranked.map(({ part, passage, file }) => {
      const { starts, ends } = (parts[part] as Contents['parts'][number]).head;
      const name = { project, fileId: file.fileId, version: file.textVersion };
      return { name, start: starts[passage] as number, end: ends[passage] as number };
    });
    const texts = await readTexts(this.#options.texts, places, signal);
    return ranked.flatMap(({ file, score }, index) => {
      const { start, end } = places[index] as (typeof places)[number];
      const text = texts[index];
      // The file object was deleted, and its vector stores do not know it yet.
      if (text === undefined) return [];
      const { fileId, fileName, attributes } = file;
      return [{ fileId, fileName, attributes, score, text, start, end }];
    });
  }

  async compact(store: StoreName, signal?: AbortSignal): Promise<Compacted> {
    const { container, clock, crash = () => undefined } = this.#options;
    const [manifests, views, writer] = [this.#manifests, this.#views, this.#writer];
    return compactIndex(store, { container, clock, crash, manifests, views, writer }, signal);
  }

  async drop(store: StoreName): Promise<void> {
    this.#cache.delete(viewKey(store));
    this.#cache.delete(manifestKey(store));
    await deleteAll(this.#options.container, indexPrefix(store), SEAL);
  }

  async #write(store: StoreName, entry: Buffer, signal?: AbortSignal): Promise<Written> {
    const { stored, compactionDue } = await this.#writer.append(
      store,
      entry,
      await this.#known(store),
      signal,
    );
    this.#cache.set(manifestKey(store), stored, manifestBytes(stored));
    return { compactionDue };
  }

  /** The manifest, perhaps an old one: writers notice. */
  async #known(store: StoreName): Promise<StoredManifest | undefined> {
    const kept = this.#cache.get<StoredManifest>(manifestKey(store));
    return kept ?? this.#cache.get<View>(viewKey(store))?.stored ?? (await this.#manifests.read(store));
  }

  /**
   * The index as it is after this call began. Those who ask while it is read wait for the next reading, all for the
   * same: one that has begun already may have missed what they have just written.
   */
  #view(store: StoreName): Promise<View | undefined> {
    const key = viewKey(store);
    const running = this.#refreshing.get(key);
    if (!running) return this.#refresh(store, key);
    running.next ??= running.current.then(
      () => this.#refresh(store, key),
      () => this.#refresh(store, key),
    );
    return running.next;
  }

  #refresh(store: StoreName, key: string): Promise<View | undefined> {
    const known = this.#cache.get<View>(key);
    const current = this.#views.refresh(store, known).finally(() => {
      if (this.#refreshing.get(key) === refreshing && !refreshing.next) this.#refreshing.delete(key);
    });
    const refreshing: Refreshing = { current, next: undefined };
    this.#refreshing.set(key, refreshing);
    return current;
  }
}

interface Refreshing {
  readonly current: Promise<View | undefined>;
  next: Promise<View | undefined> | undefined;
}

const viewKey = (store: StoreName): string => `view:${indexPrefix(store)}`;
const manifestKey = (store: StoreName): string => `manifest:${indexPrefix(store)}`;
const manifestBytes = ({ manifest }: StoredManifest): number =>
  1000 + 100 * (manifest.segments.length + manifest.removed.length + manifest.garbage.length);
/** What is held for the view alone: its log. Segments are kept for themselves. */
const sizeOf = ({ logs }: View, { parts }: Contents): number =>
  logs.reduce((sum, { position }) => sum + position, 0) +
  parts.reduce((sum, { head }) => sum + 300 * head.files.length, 1000);

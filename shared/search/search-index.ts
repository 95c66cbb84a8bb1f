import type { Attributes, Filter } from './filter.ts';

/**
 * The port of file search: one index per vector store. The first engine (`shared/search/index`) needs nothing but
 * blobs; a server such as Azure AI Search would be a second one behind the same interface.
 *
 * What an index holds of a file is decided by *attempts*, not by the order in which writes arrive, so that repeated
 * and late writes (a lost answer, a worker that slept through its lease) do no harm:
 * - of several appends of one file the one with the greatest attempt counts, and the same one twice counts once;
 * - a removal names an attempt and removes that one and all before it, even those that arrive later (within a day).
 */
export interface SearchIndex {
  /**
   * Adds a file, whole or not at all: once this returns, every search finds it, here and on other machines.
   * @throws {TooLongForIndex} when the file has more than {@link MAX_PASSAGES} passages
   */
  append(store: StoreName, file: NewIndexFile, signal?: AbortSignal): Promise<Appended>;

  /** No search that begins after this returns finds the file. Removing what is not there is no error. */
  remove(store: StoreName, fileId: string, attempt: number): Promise<Written>;

  /**
   * Replaces a file's attributes, for the attempt named and any later one that is appended before this one.
   * @param revision greater than that of every earlier change of this file's attributes; the greatest counts
   */
  setAttributes(
    store: StoreName,
    fileId: string,
    change: { readonly attributes: Attributes | null; readonly revision: number },
  ): Promise<Written>;

  /**
   * The best passages, best first. A store without an index has none.
   * @throws {WrongDimensions} when the query's vector is not of the length of those in the index
   */
  search(store: StoreName, query: IndexQuery, signal?: AbortSignal): Promise<Hit[]>;

  /**
   * Merges what was appended, drops what was removed, deletes blobs that nobody reads any more. Safe to repeat, to
   * run twice at once, and to be killed in.
   */
  compact(store: StoreName, signal?: AbortSignal): Promise<Compacted>;

  /** Deletes the index of a store that is gone or expired. Safe to repeat. */
  drop(store: StoreName): Promise<void>;
}

/** A vector store, in the project that it belongs to. */
export interface StoreName {
  readonly project: string;
  readonly id: string;
}

/** Of one file; the largest that is accepted has 5 million tokens, which are 12,500 passages of the default size. */
export const MAX_PASSAGES = 100_000;

/** Part of a file's text, in bytes of its UTF-8: `text.subarray(start, end)`. Passages may overlap. */
export interface Passage {
  readonly start: number;
  readonly end: number;
}

export interface NewIndexFile {
  readonly fileId: string;
  /**
   * Tells repeated appends of one file apart: a whole number, greater than that of every earlier attempt of this
   * file in this store, also across its removal; the same when the same work is repeated after a crash.
   */
  readonly attempt: number;
  readonly fileName: string;
  readonly attributes: Attributes | null;
  /** As in {@link SearchIndex.setAttributes}; 0 for those that the file came with. */
  readonly revision?: number;
  /** Version of the text in the text store, from which results are read. */
  readonly textVersion: number;
  /** The file's text in UTF-8. Only its words go into the index. */
  readonly text: Uint8Array;
  readonly passages: readonly Passage[];
  /** One for each passage, all of the same length; of length 1 once normalised, as embedders give them. */
  readonly vectors: readonly Float32Array[];
}

export interface Written {
  /** True when {@link SearchIndex.compact} should be called soon, within half an hour. */
  readonly compactionDue: boolean;
}

export interface Appended extends Written {
  /** What the file takes in the index, its text included; `usage_bytes` of the API. */
  readonly usageBytes: number;
}

export interface Compacted {
  /** When to call again, in milliseconds, because replaced blobs wait for their last readers; undefined: no need. */
  readonly againInMs: number | undefined;
}

export interface IndexQuery {
  readonly text: string;
  /** The query as the store's own embedder sees it. Without it only words count. */
  readonly vector?: Float32Array | undefined;
  /** 1 to 50. */
  readonly limit: number;
  /** Hits with a lower score are left out; 0 to 1. */
  readonly threshold?: number | undefined;
  /** Applied before the best are chosen, so that a narrow filter does not empty the result. */
  readonly filter?: Filter | undefined;
  /** Shares of meaning and of words in the score, 0 to 1; together they are more than 0. */
  readonly weights?: { readonly vector: number; readonly text: number } | undefined;
}

export interface Hit {
  readonly fileId: string;
  readonly fileName: string;
  readonly attributes: Attributes | null;
  /** 0 to 1. */
  readonly score: number;
  readonly text: string;
  /** Where the passage stands in its file's text, in bytes of UTF-8. */
  readonly start: number;
  readonly end: number;
}

export class TooLongForIndex extends Error {
  constructor(passages: number) {
    super(`The file has ${passages} passages, and an index takes at most ${MAX_PASSAGES} of one file.`);
    this.name = 'TooLongForIndex';
  }
}

/** The vector store was indexed by another embedder. */
export class WrongDimensions extends Error {
  constructor(given: number, expected: number) {
    super(`The vector has ${given} dimensions, and those of the index have ${expected}.`);
    this.name = 'WrongDimensions';
  }
}

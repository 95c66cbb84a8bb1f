/**
 * The vectors of a long file on their way into the index, saved as they come, so that a worker that takes over goes
 * on where the last one ended. One per attempt; gone once the file is in the index.
 */
export interface VectorDrafts {
  /** All that is saved, in order; empty when there is nothing. Vectors come back as an index would hold them. */
  read(name: DraftName): Promise<Float32Array[]>;
  /**
   * Adds the vectors from number `from` on. Whoever has lost the file to another worker does no harm: vectors that
   * are saved already are left as they are.
   */
  save(name: DraftName, from: number, vectors: readonly Float32Array[]): Promise<void>;
  /** Deletes one attempt's draft. Safe to repeat. */
  discard(name: DraftName): Promise<void>;
}

export interface DraftName {
  readonly store: { readonly project: string; readonly id: string };
  readonly fileId: string;
  readonly attempt: number;
}

/** What turned texts into vectors; pinned in a vector store's row, since vectors of two embedders do not compare. */
export interface EmbedderIdentity {
  /** `openai`: the configured model server; `lexical`: {@link ../embed/lexical.ts}, without any server. */
  readonly provider: 'openai' | 'lexical';
  /** The model or deployment that was asked. */
  readonly model: string;
  readonly dimensions: number;
}

export interface Embedder {
  readonly identity: EmbedderIdentity;
  /** How well its vectors tell meaning from words decides how much they weigh beside the words. */
  readonly weights: { readonly vector: number; readonly text: number };
  /**
   * One vector of length 1 (`identity.dimensions` numbers) for each text. Batches of any size: requests to a server
   * are divided, retried on 429, 5xx and broken connections, and paced by its `retry-after`.
   * @param maxWaitMs how long retries may wait in all, in milliseconds; beyond it {@link EmbeddingError} is thrown
   * @throws {EmbeddingError}, and the signal's reason when aborted
   */
  embed(
    texts: readonly string[],
    options?: { readonly signal?: AbortSignal | undefined; readonly maxWaitMs?: number | undefined },
  ): Promise<Float32Array[]>;
}

export class EmbeddingError extends Error {
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** What the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The server has no `/embeddings` at all. */
  readonly noEndpoint: boolean;
  constructor(
    message: string,
    options: { retryable: boolean; retryAfterMs?: number | undefined; noEndpoint?: boolean },
  ) {
    super(message);
    this.noEndpoint = options.noEndpoint ?? false;
    this.name = 'EmbeddingError';
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export interface Embedders {
  /**
   * The embedder for a vector store that has none yet: the configured model, or, where none is configured or the
   * server knows no `/embeddings` (404), the lexical one. The server is asked once per process.
   * @throws {EmbeddingError} when the server could not be asked; nothing is pinned then
   */
  forNewStore(): Promise<Embedder>;
  /** The embedder that a store is pinned to: never another one, even where the configuration has changed since. */
  pinned(identity: EmbedderIdentity): Embedder;
}

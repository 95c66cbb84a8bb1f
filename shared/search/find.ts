import type { EmbedderIdentity } from './embed/embedder.ts';
import type { Filter } from './filter.ts';
import type { Hit, StoreName } from './search-index.ts';

/** Searches a vector store for several queries at once, as the endpoint and the tool both do. */
export interface Finder {
  /**
   * The best passages of all queries, best first, each once. A query whose vector cannot be had (the model's server
   * does not answer) is searched by its words alone, and the log says so: a search never fails for it.
   */
  find(request: FindRequest, signal?: AbortSignal): Promise<Hit[]>;
}

export interface FindRequest {
  readonly store: StoreName;
  /** What the store is pinned to; undefined while nothing has been indexed: there are no hits then. */
  readonly embedder: EmbedderIdentity | undefined;
  readonly queries: readonly string[];
  readonly limit: number;
  readonly threshold?: number | undefined;
  readonly filter?: Filter | undefined;
}

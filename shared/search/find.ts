import { errorFields, type Log } from '../log.ts';
import { type EmbedderIdentity, type Embedders, EmbeddingError } from './embed/embedder.ts';
import type { Filter } from './filter.ts';
import type { Hit, SearchIndex, StoreName } from './search-index.ts';

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

/** How long a search waits for the vectors of its queries; words alone are better than an answer that is late. */
const EMBEDDING_WAIT_MS = 5_000;

export function createFinder({
  index,
  embedders,
  log,
}: {
  readonly index: SearchIndex;
  readonly embedders: Embedders;
  readonly log: Log;
}): Finder {
  async function vectorsOf(
    identity: EmbedderIdentity,
    queries: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly (Float32Array | undefined)[]> {
    try {
      return await embedders.pinned(identity).embed(queries, { signal, maxWaitMs: EMBEDDING_WAIT_MS });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof EmbeddingError)) throw error;
      log.warn('queries are searched by their words alone: they got no vectors', {
        model: identity.model,
        ...errorFields(error),
      });
      return queries.map(() => undefined);
    }
  }

  return {
    async find({ store, embedder, queries, ...query }, signal) {
      if (!embedder) return [];
      const { weights } = embedders.pinned(embedder);
      const vectors = await vectorsOf(embedder, queries, signal);
      const found = await Promise.all(
        queries.map((text, at) =>
          index.search(store, { ...query, text, vector: vectors[at], weights }, signal),
        ),
      );
      return best(found.flat(), query.limit);
    },
  };
}

/** Each passage once, at the best of its scores. */
function best(hits: readonly Hit[], limit: number): Hit[] {
  const unique = new Map<string, Hit>();
  for (const hit of hits) {
    const key = `${hit.fileId}/${hit.start}`;
    const known = unique.get(key);
    if (!known || hit.score > known.score) unique.set(key, hit);
  }
  return [...unique.values()].sort((a, b) => b.score - a.score).slice(0, limit);
}

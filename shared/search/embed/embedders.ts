import type { Config } from '../../config.ts';
import type { Log } from '../../log.ts';
import type { ModelConfig } from '../../model/openai.ts';
import { type ClientSource, clientFor } from '../../model/openai-client.ts';
import { type Embedder, type EmbedderIdentity, type Embedders, EmbeddingError } from './embedder.ts';
import { lexicalEmbedder } from './lexical.ts';
import { openaiEmbedder } from './openai-embedder.ts';

export type EmbeddingConfig = ModelConfig & Pick<Config, 'EMBEDDING_MODEL' | 'EMBEDDING_DIMENSIONS'>;

/** What the hosted API used, where the hosted models are. */
const OPENAI_DEFAULT = 'text-embedding-3-large';
const PROBE_WAIT_MS = 5_000;

/** The model that new vector stores get, or undefined where texts are compared by their words alone. */
export function embeddingModel(
  config: Pick<
    EmbeddingConfig,
    'EMBEDDING_MODEL' | 'OPENAI_BASE_URL' | 'AZURE_OPENAI_ENDPOINT' | 'OPENAI_API_KEY'
  >,
): string | undefined {
  if (config.EMBEDDING_MODEL) return config.EMBEDDING_MODEL;
  const isOpenAI = !config.OPENAI_BASE_URL && !config.AZURE_OPENAI_ENDPOINT && config.OPENAI_API_KEY;
  return isOpenAI ? OPENAI_DEFAULT : undefined;
}

export function createEmbedders(
  config: EmbeddingConfig,
  log: Log,
  client: ClientSource = clientFor(config),
): Embedders {
  const secrets = [config.OPENAI_API_KEY, config.AZURE_OPENAI_API_KEY].filter((key) => key !== undefined);
  const made = new Map<string, Embedder>();

  function pinned(identity: EmbedderIdentity): Embedder {
    if (identity.provider === 'lexical') return lexicalEmbedder;
    const key = `${identity.model}/${identity.dimensions}`;
    const embedder = made.get(key) ?? openaiEmbedder({ client, identity, secrets });
    made.set(key, embedder);
    return embedder;
  }

  /** Asks with one word whether there is an endpoint at all. */
  async function probe(embedder: Embedder): Promise<Embedder> {
    try {
      await embedder.embed(['word'], { maxWaitMs: PROBE_WAIT_MS });
      return embedder;
    } catch (error) {
      if (!(error instanceof EmbeddingError && error.noEndpoint)) throw error;
      log.warn('the model server has no /embeddings: new vector stores compare texts by their words alone', {
        model: embedder.identity.model,
      });
      return lexicalEmbedder;
    }
  }

  let chosen: Promise<Embedder> | undefined;
  return {
    pinned,
    forNewStore() {
      const model = embeddingModel(config);
      if (!model) return Promise.resolve(lexicalEmbedder);
      const identity = { provider: 'openai', model, dimensions: config.EMBEDDING_DIMENSIONS } as const;
      chosen ??= probe(pinned(identity)).catch((error: unknown) => {
        chosen = undefined;
        throw error;
      });
      return chosen;
    },
  };
}

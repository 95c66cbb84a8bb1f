import type { ContainerClient } from '@azure/storage-blob';

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Embedders } from './embed/embedder.ts';
import { createEmbedders, type EmbeddingConfig } from './embed/embedders.ts';
import type { Extractor } from './extract/extraction.ts';
import { ThreadExtractor } from './extract/thread-extractor.ts';
import { createFinder, type Finder } from './find.ts';
import { BlobIndex, type BlobIndexOptions } from './index/blob-index.ts';
import type { SearchIndex } from './search-index.ts';
import { BlobDrafts } from './text/blob-drafts.ts';
import { BlobTexts } from './text/blob-texts.ts';
import type { TextStore } from './text/text-store.ts';
import type { VectorDrafts } from './text/vector-draft.ts';

/** The parts of file search, as `shared/services.ts` makes them: indexing uses all of them, searching the finder. */
export interface Search {
  readonly index: SearchIndex;
  readonly texts: TextStore;
  readonly drafts: VectorDrafts;
  readonly extractor: Extractor;
  readonly embedders: Embedders;
  readonly finder: Finder;
}

/** File search over one container of blobs: indexes, texts and drafts. */
export function createSearch({
  config,
  container,
  clock,
  log,
  crash,
}: {
  readonly config: EmbeddingConfig;
  readonly container: ContainerClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly crash: NonNullable<BlobIndexOptions['crash']>;
}): Search {
  const texts = new BlobTexts(container);
  const index = new BlobIndex({ container, texts, clock, crash });
  const embedders = createEmbedders(config, log);
  return {
    index,
    texts,
    drafts: new BlobDrafts(container),
    extractor: new ThreadExtractor(),
    embedders,
    finder: createFinder({ index, embedders, log }),
  };
}

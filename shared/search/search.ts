import type { Embedders } from './embed/embedder.ts';
import type { Extractor } from './extract/extraction.ts';
import type { Finder } from './find.ts';
import type { SearchIndex } from './search-index.ts';
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

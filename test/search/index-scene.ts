import { randomUUID } from 'node:crypto';

import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';

import { type Clock, systemClock } from '../../shared/clock.ts';
import { lexicalEmbedder } from '../../shared/search/embed/lexical.ts';
import type { Attributes, Filter } from '../../shared/search/filter.ts';
import { BlobIndex, type BlobIndexOptions } from '../../shared/search/index/blob-index.ts';
import type { Appended, Hit, StoreName } from '../../shared/search/search-index.ts';
import { BlobTexts } from '../../shared/search/text/blob-texts.ts';
import { testStorage } from '../support/azurite.ts';

/** Two processes' worth of one index on real blobs, and shorthands for what tests do with it. */
export interface IndexScene {
  readonly container: ContainerClient;
  readonly texts: BlobTexts;
  readonly index: BlobIndex;
  /** As another process would have it: with a memory of its own. */
  another(options?: Partial<BlobIndexOptions>): BlobIndex;
  newStore(): StoreName;
  add(
    store: StoreName,
    fileId: string,
    passages: readonly string[],
    options?: {
      attempt?: number;
      attributes?: Attributes | null;
      index?: BlobIndex;
      fileName?: string;
      vectors?: readonly Float32Array[];
      revision?: number;
    },
  ): Promise<Appended>;
  find(
    store: StoreName,
    text: string,
    options?: { filter?: Filter; index?: BlobIndex; limit?: number; threshold?: number },
  ): Promise<Hit[]>;
  blobs(store: StoreName): Promise<string[]>;
}

export async function indexScene(clock: Clock = systemClock): Promise<IndexScene> {
  const { connectionString, prefix } = await testStorage();
  const blobs = BlobServiceClient.fromConnectionString(connectionString);
  const container = blobs.getContainerClient(`${prefix}-search-${randomUUID()}`);
  await container.create();
  const texts = new BlobTexts(container);
  const another = (options: Partial<BlobIndexOptions> = {}) =>
    new BlobIndex({ container, texts, clock, ...options });
  const shared = another();
  return {
    container,
    texts,
    index: shared,
    another,
    newStore: () => ({ project: 'team-a', id: `vs_${randomUUID()}` }),
    async add(
      store,
      fileId,
      passages,
      { attempt = 1, attributes = null, index = shared, fileName, vectors, revision = 0 } = {},
    ) {
      const text = Buffer.from(passages.join('\n'));
      await texts.write({ project: store.project, fileId, version: attempt }, text);
      let at = 0;
      const places = passages.map((passage) => {
        const start = at;
        const end = start + Buffer.byteLength(passage);
        at = end + 1;
        return { start, end };
      });
      return index.append(store, {
        fileId,
        attempt,
        fileName: fileName ?? `${fileId}.md`,
        attributes,
        revision,
        textVersion: attempt,
        text,
        passages: places,
        vectors: vectors ?? (await lexicalEmbedder.embed(passages)),
      });
    },
    async find(store, text, { filter, index = shared, limit = 10, threshold } = {}) {
      const [vector] = await lexicalEmbedder.embed([text]);
      return index.search(store, {
        text,
        vector,
        limit,
        threshold,
        filter,
        weights: lexicalEmbedder.weights,
      });
    },
    async blobs(store) {
      const names: string[] = [];
      for await (const { name } of container.listBlobsFlat({ prefix: `index/team-a/${store.id}/` }))
        names.push(name.split('/').at(-1) ?? '');
      return names;
    },
  };
}

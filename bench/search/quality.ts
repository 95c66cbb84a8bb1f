import type { Embedder } from '../../shared/search/embed/embedder.ts';
import { EXTRACTOR_VERSION } from '../../shared/search/extract/extraction.ts';
import type { SearchIndex, StoreName } from '../../shared/search/search-index.ts';
import type { TextStore } from '../../shared/search/text/text-store.ts';
import { passages } from './passages.ts';
import { type Question, questions } from './questions.ts';

/** The share of questions whose answer is among the first five, by meaning alone, by words alone, and by both. */
export interface Recall {
  readonly vector: number;
  readonly text: number;
  readonly hybrid: number;
}

const TOP = 5;

/** Puts the corpus into a store, each passage as a file: so no two overlap, and each is found or is not. */
export async function indexCorpus(
  { index, texts }: { readonly index: SearchIndex; readonly texts: TextStore },
  store: StoreName,
  embedder: Embedder,
): Promise<void> {
  const vectors = await embedder.embed(passages.map(({ text }) => text));
  for (const [number, { name, text }] of passages.entries()) {
    const bytes = Buffer.from(text);
    await texts.write({ project: store.project, fileId: name, version: EXTRACTOR_VERSION }, bytes);
    await index.append(store, {
      fileId: name,
      attempt: 1,
      fileName: `${number}.txt`,
      attributes: null,
      textVersion: EXTRACTOR_VERSION,
      text: bytes,
      passages: [{ start: 0, end: bytes.length }],
      vectors: [vectors[number] as Float32Array],
    });
  }
  await index.compact(store);
}

export async function recallOf(
  index: SearchIndex,
  store: StoreName,
  embedder: Embedder,
  asked: readonly Question[] = questions,
): Promise<Recall> {
  const vectors = await embedder.embed(asked.map(({ text }) => text));
  const found = async (weights: { vector: number; text: number }) => {
    const withVector = weights.vector > 0;
    let hits = 0;
    for (const [number, { text, answer }] of asked.entries()) {
      const best = await index.search(store, {
        text,
        vector: withVector ? vectors[number] : undefined,
        limit: TOP,
        weights,
      });
      if (best.some(({ fileId }) => fileId === answer)) hits += 1;
    }
    return hits / asked.length;
  };
  return {
    vector: await found({ vector: 1, text: 0 }),
    text: await found({ vector: 0, text: 1 }),
    hybrid: await found(embedder.weights),
  };
}

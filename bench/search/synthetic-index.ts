import { EXTRACTOR_VERSION } from '../../shared/search/extract/extraction.ts';
import type { SearchIndex, StoreName } from '../../shared/search/search-index.ts';
import type { TextStore } from '../../shared/search/text/text-store.ts';

export const DIMENSIONS = 256;
const WORDS = 120;
const PASSAGES_OF_FILE = 1_000;
const VOCABULARY = 60_000;
const CLUSTERS = 200;

/** Words as texts have them: a few stand everywhere, most are rare. */
export function someWords(random: () => number, count: number): string {
  return Array.from({ length: count }, () => `w${Math.floor(VOCABULARY ** random()).toString(36)}`).join(' ');
}

export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Vectors gather, as those of texts do: a direction of a few hundred, and something of its own. */
export function someVector(random: () => number): Float32Array {
  const cluster = chance(Math.floor(random() * CLUSTERS) + 1);
  const vector = Float32Array.from({ length: DIMENSIONS }, () => cluster() - 0.5 + (random() - 0.5) * 0.7);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

/** A store of so many passages, in files of a thousand. */
export async function fillStore(
  { index, texts }: { readonly index: SearchIndex; readonly texts: TextStore },
  store: StoreName,
  passages: number,
): Promise<void> {
  const random = chance(passages);
  for (let from = 0; from < passages; from += PASSAGES_OF_FILE) {
    const lines = Array.from({ length: Math.min(PASSAGES_OF_FILE, passages - from) }, () =>
      someWords(random, WORDS),
    );
    const text = Buffer.from(lines.join('\n'));
    const fileId = `file-${from}`;
    await texts.write({ project: store.project, fileId, version: EXTRACTOR_VERSION }, text);
    let at = 0;
    await index.append(store, {
      fileId,
      attempt: 1,
      fileName: `${fileId}.txt`,
      attributes: { from },
      textVersion: EXTRACTOR_VERSION,
      text,
      passages: lines.map((line) => {
        const start = at;
        at += line.length + 1;
        return { start, end: at - 1 };
      }),
      vectors: lines.map(() => someVector(random)),
    });
  }
  await index.compact(store);
}

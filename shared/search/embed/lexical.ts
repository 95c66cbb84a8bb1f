import { breather } from '../index/breathe.ts';
import { fold, hashOf, wordsOf } from '../index/terms.ts';
import type { Embedder, EmbedderIdentity } from './embedder.ts';

/**
 * Vectors without any model: words and their pieces, hashed to 256 numbers. They bring together what is spelled
 * alike (other forms of a word, compounds, slips of the pen) in any language, and nothing that only means the same.
 */
export const LEXICAL: EmbedderIdentity = { provider: 'lexical', model: 'lexical-1', dimensions: 256 };

const PIECE_LENGTHS = [3, 4, 5];
const WORD_WEIGHT = 1;
const PIECE_WEIGHT = 0.5;
/** Words of English and German that stand everywhere. */
const EVERYWHERE: ReadonlySet<string> = new Set(
  (
    'the a an of to in on at by for with from and or but not no is are was were be been it its this that these those as ' +
    'if then than so we you he she they i my your his her their our do does did can could should would will may must have ' +
    'has had what which who whom how when where why there here all any some into over under about also only more most ' +
    'der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine ist sind war waren wird werden ' +
    'wurde wurden sein hat haben hatte im in am an auf aus bei mit nach von vom zu zum zur fur uber unter als wie was wer wo ' +
    'wann warum welche welcher welches es er sie wir ihr ich man sich auch nur noch so dass wenn dann durch ob'
  )
    .split(' ')
    .map(fold),
);
const EVERYWHERE_WEIGHT = 0.1;

export const lexicalEmbedder: Embedder = {
  identity: LEXICAL,
  // Words say the same more exactly: these vectors help where a word has another form.
  weights: { vector: 0.25, text: 0.75 },
  async embed(texts, { signal } = {}) {
    const breathe = breather();
    const vectors: Float32Array[] = [];
    for (const text of texts) {
      vectors.push(lexicalVector(text));
      await breathe();
      signal?.throwIfAborted();
    }
    return vectors;
  },
};

export function lexicalVector(text: string): Float32Array {
  const counts = new Map<string, number>();
  for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const vector = new Float32Array(LEXICAL.dimensions);
  for (const [word, count] of counts) {
    // Repetition counts, ever less.
    const weight = (1 + Math.log(count)) * (EVERYWHERE.has(word) ? EVERYWHERE_WEIGHT : 1);
    add(vector, `w ${word}`, weight * WORD_WEIGHT);
    if (EVERYWHERE.has(word)) continue;
    const marked = `^${word}$`;
    const pieces = PIECE_LENGTHS.flatMap((length) =>
      Array.from({ length: Math.max(0, marked.length - length + 1) }, (_, at) =>
        marked.slice(at, at + length),
      ),
    );
    // A long word has many pieces, and is one word.
    for (const piece of pieces) add(vector, piece, (weight * PIECE_WEIGHT) / Math.sqrt(pieces.length));
  }
  const norm = Math.hypot(...vector);
  return norm === 0 ? vector : vector.map((value) => value / norm);
}

/** Signed, so that what falls together by chance cancels out as often as it adds up. */
function add(vector: Float32Array, feature: string, weight: number): void {
  const hash = hashOf(feature);
  const index = (hash >>> 1) % vector.length;
  vector[index] = (vector[index] as number) + (hash & 1 ? weight : -weight);
}

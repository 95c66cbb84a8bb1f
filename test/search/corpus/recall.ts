import type { Embedder } from '../../../shared/search/embed/embedder.ts';
import { EXTRACTOR_VERSION } from '../../../shared/search/extract/extraction.ts';
import type { SearchIndex, StoreName } from '../../../shared/search/search-index.ts';
import type { TextStore } from '../../../shared/search/text/text-store.ts';
import { inBatches } from '../../../shared/store/in-batches.ts';
import { passages } from './passages.ts';
import { type Question, type QuestionKind, questions } from './questions.ts';

/** The share of questions whose answer is among the first five, by meaning alone, by words alone, and by both. */
export interface Recall {
  readonly vector: number;
  readonly text: number;
  readonly hybrid: number;
}

const TOP = 5;

/** Puts the corpus into a store, as one file with a passage a line. */
export async function indexCorpus(
  { index, texts }: { readonly index: SearchIndex; readonly texts: TextStore },
  store: StoreName,
  embedder: Embedder,
): Promise<void> {
  const text = Buffer.from(passages.map((passage) => passage.text).join('\n'));
  const name = {
    project: store.project,
    fileId: `corpus-${embedder.identity.model}`,
    version: EXTRACTOR_VERSION,
  };
  await texts.write(name, text);
  let at = 0;
  await index.append(store, {
    fileId: name.fileId,
    attempt: 1,
    fileName: 'corpus.txt',
    attributes: null,
    textVersion: EXTRACTOR_VERSION,
    text,
    passages: passages.map((passage) => {
      const start = at;
      at += Buffer.byteLength(passage.text) + 1;
      return { start, end: at - 1 };
    }),
    vectors: await embedder.embed(passages.map((passage) => passage.text)),
  });
}

/** For all questions, and for those of each kind. */
export async function recallOf(
  index: SearchIndex,
  store: StoreName,
  embedder: Embedder,
): Promise<Recall & { readonly of: (kind: QuestionKind) => Recall }> {
  const vectors = await embedder.embed(questions.map(({ text }) => text));
  const answers = new Map(passages.map(({ name, text }) => [name, text]));
  const isFound = async (number: number, weights: { vector: number; text: number }) => {
    const { text, answer } = questions[number] as Question;
    const vector = weights.vector > 0 ? vectors[number] : undefined;
    const best = await index.search(store, { text, vector, limit: TOP, weights });
    return best.some((hit) => hit.text === answers.get(answer));
  };
  const found = await inBatches([...questions.keys()], async (number) => ({
    kind: questions[number]?.kind,
    vector: await isFound(number, { vector: 1, text: 0 }),
    text: await isFound(number, { vector: 0, text: 1 }),
    hybrid: await isFound(number, embedder.weights),
  }));
  const recall = (of: typeof found): Recall => {
    const share = (half: keyof Recall) => of.filter((one) => one[half]).length / of.length;
    return { vector: share('vector'), text: share('text'), hybrid: share('hybrid') };
  };
  return { ...recall(found), of: (kind) => recall(found.filter((one) => one.kind === kind)) };
}

import type { Embedder } from '../search/embed/embedder.ts';
import type { Passage } from '../search/search-index.ts';
import type { ClaimedFile } from './claimed-file.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { progressed } from './file-changes.ts';

/** Passages between two checkpoints. */
const PIECE = 256;
/** How long one piece waits for a busy embedding server before the file is put off. */
const LONGEST_WAIT_MS = 60_000;

/**
 * The vectors of a file's passages. What a long file has got so far is saved after each piece, so that whoever takes
 * it over goes on from there.
 * @throws {EmbeddingError}, {LostFile}, {Interrupted}
 */
export async function embedPassages(
  { search, crash }: Pick<IndexingDependencies, 'search' | 'crash'>,
  claimed: ClaimedFile,
  embedder: Embedder,
  text: Uint8Array,
  passages: readonly Passage[],
): Promise<{ vectors: readonly Float32Array[]; discardDraft: () => Promise<void> }> {
  const { signal } = claimed;
  const embed = (piece: readonly Passage[]) =>
    embedder.embed(
      piece.map(({ start, end }) => decoder.decode(text.subarray(start, end))),
      { signal, maxWaitMs: LONGEST_WAIT_MS },
    );
  if (passages.length <= PIECE) return { vectors: await embed(passages), discardDraft: async () => {} };

  const { project, object, work } = claimed.record;
  const store = { project, id: object.vector_store_id };
  const draft = { store, fileId: object.id, attempt: work.attempt };
  const vectors = work.tries > 1 ? await search.drafts.read(draft) : [];
  while (vectors.length < passages.length) {
    signal.throwIfAborted();
    const from = vectors.length;
    const piece = await embed(passages.slice(from, from + PIECE));
    await search.drafts.save(draft, from, piece);
    for (const vector of piece) vectors.push(vector);
    if (claimed.record.work.tries > 1) await claimed.save(progressed);
    crash('file-mid-embedding');
  }
  return { vectors, discardDraft: () => search.drafts.discard(draft) };
}

const decoder = new TextDecoder();

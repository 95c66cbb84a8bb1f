import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Embedder } from '../../shared/search/embed/embedder.ts';
import { lexicalEmbedder } from '../../shared/search/embed/lexical.ts';
import { MODEL_WEIGHTS } from '../../shared/search/embed/openai-embedder.ts';
import { meaningVector } from './corpus/concepts.ts';
import { passages } from './corpus/passages.ts';
import { questions } from './corpus/questions.ts';
import { indexCorpus, recallOf } from './corpus/recall.ts';
import { indexScene } from './index-scene.ts';

const understanding: Embedder = {
  identity: { provider: 'openai', model: 'stand-in', dimensions: 256 },
  weights: MODEL_WEIGHTS,
  embed: async (texts) => texts.map((text) => Float32Array.from(meaningVector(text))),
};

test('the corpus is large enough to tell, and every question has its passage', () => {
  assert.ok(passages.length >= 200 && questions.length >= 60);
  const names = new Set(passages.map(({ name }) => name));
  assert.equal(names.size, passages.length);
  assert.deepEqual(
    questions.filter(({ answer }) => !names.has(answer)),
    [],
  );
});

for (const [what, embedder, least] of [
  ['by the lexical embedder', lexicalEmbedder, 0.84],
  ['by one that understands', understanding, 0.96],
] as const) {
  test(`search ${what} finds no less by both halves than by the better one`, async () => {
    const { index, texts, newStore } = await indexScene();
    const store = newStore();
    await indexCorpus({ index, texts }, store, embedder);
    const recall = await recallOf(index, store, embedder);
    const { vector, text, hybrid } = recall;
    assert.ok(hybrid >= Math.max(vector, text), JSON.stringify({ vector, text, hybrid }));
    assert.ok(hybrid >= least, `${hybrid} of the answers are among the best five`);
    for (const kind of ['exact', 'worded', 'Chinese'] as const) assert.equal(recall.of(kind).hybrid, 1, kind);
  });
}

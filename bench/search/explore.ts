import type { Embedder } from '../../shared/search/embed/embedder.ts';
import { lexicalEmbedder } from '../../shared/search/embed/lexical.ts';
import { indexScene } from '../../test/search/index-scene.ts';
import { meaningVector } from './concepts.ts';
import { passages } from './passages.ts';
import { indexCorpus, recallOf } from './quality.ts';
import { questions } from './questions.ts';

console.log(
  passages.length,
  questions.length,
  questions.filter((q) => !passages.some((p) => p.name === q.answer)),
);
const real: Embedder = {
  identity: { provider: 'openai', model: 'm', dimensions: 256 },
  weights: { vector: 0.6, text: 0.4 },
  embed: async (t) => t.map((x) => Float32Array.from(meaningVector(x))),
};
const scene = await indexScene();
for (const [name, e] of [
  ['lexical', lexicalEmbedder],
  ['real', real],
] as const) {
  const store = scene.newStore();
  await indexCorpus(scene, store, e);
  if(process.env.KINDS) for (const kind of ['exact', 'worded', 'paraphrase', 'German', 'Chinese'] as const)
    console.log(
      name,
      kind,
      await recallOf(
        scene.index,
        store,
        e,
        questions.filter((q) => q.kind === kind),
      ),
    );
  console.log(name, 'all', await recallOf(scene.index, store, e));
  for (const w of [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]) {
    const x = { ...e, weights: { vector: w, text: 1 - w } };
    console.log(w, (await recallOf(scene.index, store, x)).hybrid.toFixed(3));
  }
}
process.exit(0);

import type { Candidate, Candidates } from './candidates.ts';

export interface Ranked extends Candidate {
  /** 0 to 1. */
  readonly score: number;
}

/**
 * Both halves in one order, by their scores and not by their ranks: ranks would put the one passage that has the
 * rare identifier of the query beside every other first place. Each half is measured against its own best; how
 * good these are decides how high the scores are in all, so that a threshold means the same for every query.
 */
export function rank(
  { best, usualCosine }: Candidates,
  weights: { readonly vector: number; readonly text: number },
): Ranked[] {
  const highest = (of: (candidate: Candidate) => number) =>
    best.reduce((top, candidate) => Math.max(top, of(candidate)), 0);
  const topCosine = highest(({ cosine }) => cosine);
  const topWords = highest(({ words }) => words);
  // The more of the query's words the best passage has, the more words tell: all of them where it is one identifier.
  const share = weights.text * (0.5 + Math.min(1, topWords));
  const sum = weights.vector + share;
  const spread = topCosine - Math.min(usualCosine, topCosine / 2);
  const quality = (weights.vector * Math.min(1, topCosine) + share * Math.min(1, topWords)) / sum;
  return best
    .map((candidate) => {
      const near = spread > 0 ? Math.max(0, 1 - (topCosine - candidate.cosine) / spread) : 0;
      const worded = topWords > 0 ? candidate.words / topWords : 0;
      const fused = (weights.vector * near + share * worded) / sum;
      return { ...candidate, score: Math.min(1, fused * quality) };
    })
    .sort((a, b) => b.score - a.score);
}

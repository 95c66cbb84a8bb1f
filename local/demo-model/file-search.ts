import type { Answer } from './answer.ts';
import { type Request, toolNames } from './conversation.ts';

/** Whatever is asked of an assistant with files is looked for in them. */
export function searchFor(request: Request, text: string): Answer | undefined {
  if (!toolNames(request).includes('file_search') || text.trim() === '') return undefined;
  return {
    toolCalls: [{ name: 'file_search', arguments: JSON.stringify({ queries: [text.slice(0, 1000)] }) }],
  };
}

/** The sentence among the passages found that has most words of the question, with the marker of its passage. */
export function cited(result: string, question: string): string {
  const asked = wordsOf(question);
  const found = [
    ...result.matchAll(/^(【\d+:\d+†[^】\n]*】)\n([\s\S]*?)(?=^【\d+:\d+†|(?![\s\S]))/gm),
  ].flatMap(([, marker = '', passage = ''], rank) =>
    sentencesOf(passage).map((sentence) => ({
      marker,
      sentence,
      // Of two alike the one in the better passage.
      common: [...wordsOf(sentence)].filter((word) => asked.has(word)).length - rank / 100,
    })),
  );
  const [best] = found.sort((a, b) => b.common - a.common);
  return best
    ? `The files say: ${best.sentence} ${best.marker}`
    : 'I am the demo model. I have searched the files and found nothing.';
}

const sentencesOf = (text: string): string[] =>
  text
    .split(/(?<=[.!?。！？])\s+|\n+/)
    .map((sentence) => sentence.replace(/^#+\s*/, '').trim())
    .filter((sentence) => sentence !== '');

const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}-]{3,}/gu) ?? []);

import type { Annotation } from '../../api/message.ts';

/**
 * Finds where a text mentions `sandbox:/mnt/data/NAME` for a kept file, as `file_path` annotations. Indices
 * count Unicode code points, as the hosted API (written in Python) did; for text of the basic plane that is
 * JavaScript's count too.
 * @param files file ids by path below /mnt/data
 */
export function filePathAnnotations(text: string, files: ReadonlyMap<string, string>): Annotation[] {
  const found: { start: number; mention: string; fileId: string }[] = [];
  const taken: [number, number][] = [];
  // Longest first: `a.csv.zip` must not be taken for `a.csv`.
  const mentions = [...files].flatMap(([path, fileId]) =>
    [...new Set([path, encodeURI(path)])].map((name) => ({ mention: `sandbox:/mnt/data/${name}`, fileId })),
  );
  mentions.sort((a, b) => b.mention.length - a.mention.length);
  for (const { mention, fileId } of mentions) {
    for (let at = text.indexOf(mention); at >= 0; at = text.indexOf(mention, at + mention.length)) {
      const end = at + mention.length;
      if (taken.some(([from, to]) => at < to && end > from)) continue;
      taken.push([at, end]);
      found.push({ start: at, mention, fileId });
    }
  }
  found.sort((a, b) => a.start - b.start);
  return found.map(({ start, mention, fileId }) => {
    const startIndex = codePoints(text.slice(0, start));
    return {
      type: 'file_path',
      text: mention,
      start_index: startIndex,
      end_index: startIndex + codePoints(mention),
      file_path: { file_id: fileId },
    };
  });
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

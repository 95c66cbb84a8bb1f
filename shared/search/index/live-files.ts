import type { Attributes } from '../filter.ts';
import type { SegmentFile } from './segment.ts';

export interface AttributesChange {
  readonly attributes: Attributes | null;
  readonly revision: number;
}

/** What was appended about files apart from their passages. */
export interface Changes {
  /** The greatest attempt that was removed, by file. */
  readonly removed: ReadonlyMap<string, number>;
  /** The latest attributes, by file. */
  readonly attributes: ReadonlyMap<string, AttributesChange>;
}

/**
 * Those files of each part that an index holds, as they are now: of several attempts of one file the greatest, of
 * one attempt that stands there twice the first, and nothing that was removed.
 */
export function liveFiles(
  parts: readonly { readonly files: readonly SegmentFile[] }[],
  { removed, attributes }: Changes,
): SegmentFile[][] {
  const greatest = new Map<string, number>();
  for (const { files } of parts) {
    for (const { fileId, attempt } of files) {
      if (attempt > (greatest.get(fileId) ?? Number.NEGATIVE_INFINITY)) greatest.set(fileId, attempt);
    }
  }
  const seen = new Set<string>();
  return parts.map(({ files }) =>
    files.flatMap((file) => {
      const { fileId, attempt } = file;
      if (greatest.get(fileId) !== attempt || attempt <= (removed.get(fileId) ?? Number.NEGATIVE_INFINITY))
        return [];
      if (seen.has(fileId)) return [];
      seen.add(fileId);
      const change = attributes.get(fileId);
      return change && change.revision > file.revision ? [{ ...file, ...change }] : [file];
    }),
  );
}

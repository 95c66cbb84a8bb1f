import { inBatches } from '../../store/in-batches.ts';
import type { TextName, TextStore } from '../text/text-store.ts';

export interface Place {
  readonly name: TextName;
  readonly start: number;
  readonly end: number;
}

/** Passages of one file that are no further apart than this, in bytes, are read in one request. */
const GAP_BYTES = 64 * 1024;
const decoder = new TextDecoder();

/** The texts at these places, in their order; undefined where a file's text is gone. */
export async function readTexts(
  texts: TextStore,
  places: readonly Place[],
  signal: AbortSignal | undefined,
): Promise<(string | undefined)[]> {
  const found = new Map<Place, string>();
  await inBatches(stretches(places), async (stretch) => {
    const [first] = stretch;
    if (!first) return;
    const end = Math.max(...stretch.map((place) => place.end));
    const bytes = await texts.readPart(first.name, first.start, end, signal);
    if (!bytes) return;
    for (const place of stretch) {
      found.set(place, decoder.decode(bytes.subarray(place.start - first.start, place.end - first.start)));
    }
  });
  return places.map((place) => found.get(place));
}

function stretches(places: readonly Place[]): Place[][] {
  const files = Map.groupBy(places, ({ name }) => `${name.fileId}/${name.version}`);
  return [...files.values()].flatMap((ofFile) => {
    const stretches: Place[][] = [];
    let end = Number.NEGATIVE_INFINITY;
    for (const place of ofFile.toSorted((a, b) => a.start - b.start)) {
      if (place.start > end + GAP_BYTES) stretches.push([]);
      stretches.at(-1)?.push(place);
      end = Math.max(end, place.end);
    }
    return stretches;
  });
}

import type { Annotation } from '../../api/message.ts';
import { codePoints } from '../../run/citations.ts';
import { isDestination, linkEnd, wrappingAt } from './link-boundary.ts';
import { comparable, readings } from './link-reading.ts';

interface Mention {
  readonly start: number;
  readonly end: number;
  readonly fileId: string;
}

/**
 * Finds the links to kept files in a text, as `file_path` annotations: `sandbox:/mnt/data/NAME` wherever it stands,
 * `/mnt/data/NAME` as the destination of a link. A link is read to its end, decoded, and must name a file exactly:
 * one that does not is no link of ours. `text` is as written. Indices count Unicode code points, as the hosted API
 * (written in Python) did; for text of the basic plane that is JavaScript's count too.
 * @param files file ids by path below /mnt/data
 */
export function filePathAnnotations(text: string, files: ReadonlyMap<string, string>): Annotation[] {
  const names = new KeptNames(files);
  let [place, index] = [0, 0];
  return mentions(text, names).map(({ start, end, fileId }) => {
    const startIndex = index + codePoints(text.slice(place, start));
    const mention = text.slice(start, end);
    [place, index] = [end, startIndex + codePoints(mention)];
    return {
      type: 'file_path',
      text: mention,
      start_index: startIndex,
      end_index: index,
      file_path: { file_id: fileId },
    };
  });
}

const SLASHES = '(?:/|%2f)';
/** In any case, with more slashes than are due; the name follows. */
const PREFIX = new RegExp(`(sandbox:)?${SLASHES}{0,9}mnt${SLASHES}{1,9}data${SLASHES}{1,9}`, 'gi');

function mentions(text: string, names: KeptNames): Mention[] {
  const found: Mention[] = [];
  PREFIX.lastIndex = 0;
  for (let match = PREFIX.exec(text); match; match = PREFIX.exec(text)) {
    const start = match.index;
    const wrapping = wrappingAt(text, start);
    // Another scheme's, or the middle of a longer path.
    if (/[A-Za-z0-9]/.test(text[start - 1] ?? '')) continue;
    if (match[1] === undefined && !(isDestination(wrapping) && /^[/%]/.test(match[0]))) continue;
    const mention = names.find(text, PREFIX.lastIndex, (name, end) => linkEnd(text, name, end, wrapping));
    if (!mention) continue;
    found.push({ start, ...mention });
    PREFIX.lastIndex = mention.end;
  }
  return found;
}

/** The names of kept files, to be found at the beginning of a text. */
class KeptNames {
  readonly #files: ReadonlyMap<string, string>;
  /** Names by the form in which they are compared, which two may share. */
  readonly #names = new Map<string, string[]>();
  /** Of that form, longest first. */
  readonly #lengths: readonly number[];

  constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
    for (const name of files.keys()) {
      const key = comparable(name);
      this.#names.set(key, [...(this.#names.get(key) ?? []), name]);
    }
    this.#lengths = [...new Set([...this.#names.keys()].map(({ length }) => length))].sort((a, b) => b - a);
  }

  /**
   * The longest name that the text says from `start` on.
   * @param endOf where a link to that name ends, or undefined when the text says more than the name
   */
  find(
    text: string,
    start: number,
    endOf: (name: string, end: number) => number | undefined,
  ): Pick<Mention, 'end' | 'fileId'> | undefined {
    for (const { units, stops } of readings(text, start, this.#lengths[0] ?? 0)) {
      for (const length of this.#lengths) {
        const stop = stops[length];
        const name = stop && this.#named(units.slice(0, length), stop.said);
        const end = name === undefined ? undefined : endOf(name, stop!.end);
        const fileId = name === undefined ? undefined : this.#files.get(name);
        if (end !== undefined && fileId !== undefined) return { end, fileId };
      }
    }
    return undefined;
  }

  #named(key: string, said: string): string | undefined {
    const names = this.#names.get(key) ?? [];
    return names.length === 1 ? names[0] : names.find((name) => name === said);
  }
}

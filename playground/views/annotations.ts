import type OpenAI from 'openai';

export type Annotation = OpenAI.Beta.Threads.Annotation;

/** What stands in a text in the place of marks and links that mean files. */
export interface Annotations {
  /** The one that a link's address stands for. */
  ofLink(address: string): Annotation | undefined;
  /** A text cut where an annotation's own text stands in it. */
  cut(text: string): (string | Annotation)[];
}

export const noAnnotations: Annotations = { ofLink: () => undefined, cut: (text) => [text] };

/** Pure. By text and not by position: Markdown has moved the positions by then. */
export function annotationsOf(list: readonly Annotation[]): Annotations {
  const usable = list.filter(({ text }) => typeof text === 'string' && text !== '');
  if (usable.length === 0) return noAnnotations;
  const byText = new Map(usable.map((annotation) => [annotation.text, annotation]));
  const byPath = new Map(usable.map((annotation) => [plain(annotation.text), annotation]));
  // The longest first: `a.csv` must not take the beginning of `a.csv.gz`.
  const texts = [...byText.keys()].sort((a, b) => b.length - a.length).map(escaped);
  const pattern = new RegExp(`(${texts.join('|')})`);
  return {
    ofLink: (address) => byText.get(address) ?? byPath.get(plain(address)),
    cut: (text) =>
      text
        .split(pattern)
        .filter((part) => part !== '')
        .map((part) => byText.get(part) ?? part),
  };
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

function plain(address: string): string {
  try {
    return decodeURIComponent(address).normalize('NFC');
  } catch {
    return address;
  }
}

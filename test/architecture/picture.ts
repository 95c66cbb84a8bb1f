import { readFile } from 'node:fs/promises';

/** A row of the first table of docs/architecture.md. */
export interface Room {
  /** Short: without `shared/`. */
  readonly name: string;
  /** Its folders and files. */
  readonly places: readonly string[];
  readonly knows: readonly string[];
  readonly packages: readonly string[];
  /** Known to all: the first row. */
  readonly isGround: boolean;
}

export interface Picture {
  readonly rooms: readonly Room[];
  readonly typesOnly: readonly { readonly from: string; readonly to: string }[];
}

/** The tables under *Where things are*. */
export async function pictured(): Promise<Picture> {
  const text = await readFile(new URL('../../docs/architecture.md', import.meta.url), 'utf8');
  const [rooms = [], typesOnly = []] = tables(text.slice(text.indexOf('## Where things are')));
  return {
    rooms: rooms.map(([places = '', , knows = '', packages = ''], index) => {
      const all = words(places);
      return {
        name: (all[0] ?? '').replace(/^shared\//, ''),
        places: all,
        knows: words(knows),
        packages: words(packages),
        isGround: index === 0,
      };
    }),
    typesOnly: typesOnly.flatMap(([from = '', to = '']) =>
      words(from).flatMap((one) => words(to).map((other) => ({ from: one, to: other }))),
    ),
  };
}

/** The rows of each table, without its head, as cells. */
function tables(text: string): string[][][] {
  const blocks = text.split('\n\n').filter((block) => block.startsWith('|'));
  return blocks.map((block) =>
    block
      .trim()
      .split('\n')
      .slice(2)
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      ),
  );
}

const words = (cell: string): string[] =>
  cell === 'any' ? ['any'] : [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

import { type Signal, signal } from '@preact/signals';

import { type Problem, problemOf } from '../api/problem.ts';
import { api } from './connection.ts';

/** A file's bytes as something that an `<img>` can show, or why not. */
export interface Figure {
  readonly url?: string;
  /** The file is no picture that is shown here (SVG is a document with scripts): it can be downloaded. */
  readonly isOther?: true;
  readonly problem?: Problem;
}

const figures = new Map<string, Signal<Figure>>();

/** Read once and kept: a figure is shown under the code that drew it and in the message that presents it. */
export function figureOf(fileId: string): Signal<Figure> {
  const known = figures.get(fileId);
  if (known) return known;
  const figure = signal<Figure>({});
  figures.set(fileId, figure);
  void read(fileId).then((result) => {
    figure.value = result;
    if (result.problem) figures.delete(fileId); // Whoever shows it next asks again.
  });
  return figure;
}

async function read(fileId: string): Promise<Figure> {
  try {
    const response = await api().client.files.content(fileId);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const type = pictureType(bytes);
    if (type === undefined) return { isOther: true };
    return { url: URL.createObjectURL(new Blob([bytes], { type })) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

const BEGINNINGS: readonly (readonly [type: string, at: number, bytes: readonly number[]])[] = [
  ['image/png', 0, [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', 0, [0xff, 0xd8, 0xff]],
  ['image/gif', 0, [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', 8, [0x57, 0x45, 0x42, 0x50]],
];

/** By its bytes, whatever its name says: these kinds hold no script. Pure. */
export const pictureType = (content: Uint8Array): string | undefined =>
  BEGINNINGS.find(([, at, bytes]) => bytes.every((byte, index) => content[at + index] === byte))?.[0];

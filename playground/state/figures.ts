import { type Signal, signal } from '@preact/signals';

import { type Problem, problemOf } from '../api/problem.ts';
import { api } from './connection.ts';
import { pictureType } from './picture-type.ts';

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

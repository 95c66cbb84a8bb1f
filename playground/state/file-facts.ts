import { type Signal, signal } from '@preact/signals';
import type OpenAI from 'openai';

import { type Problem, problemOf } from '../api/problem.ts';
import { api } from './connection.ts';

export interface FileFacts {
  readonly file?: OpenAI.FileObject;
  readonly problem?: Problem;
}

const known = new Map<string, Signal<FileFacts>>();

/** Name and size of a file, asked for once. */
export function factsOf(fileId: string): Signal<FileFacts> {
  let facts = known.get(fileId);
  if (facts) return facts;
  facts = signal<FileFacts>({});
  known.set(fileId, facts);
  const told = facts;
  api()
    .client.files.retrieve(fileId)
    .then(
      (file) => {
        told.value = { file };
      },
      (error: unknown) => {
        told.value = { problem: problemOf(error) };
        known.delete(fileId);
      },
    );
  return facts;
}

export function learn(file: OpenAI.FileObject): void {
  const facts = known.get(file.id);
  if (facts) facts.value = { file };
  else known.set(file.id, signal({ file }));
}

/** `report.csv` of `/mnt/data/report.csv`. */
export const baseName = (path: string): string => path.split(/[/\\]/).at(-1) || path;

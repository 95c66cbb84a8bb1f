import type OpenAI from 'openai';

export type FileObject = OpenAI.FileObject;

export interface FileRecord {
  readonly project: string;
  readonly sortKey: string;
  readonly object: FileObject;
}

import type OpenAI from 'openai';
import { z } from 'zod';

import { integer, text } from './fields.ts';
import { listQuery } from './page.ts';

export type FileObject = OpenAI.FileObject;

export interface FileRecord {
  readonly project: string;
  readonly sortKey: string;
  readonly object: FileObject;
}

/** What callers may upload a file for. */
export const filePurpose = z.enum(['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals']);

export const expiresAfter = z.strictObject({
  anchor: z.literal('created_at'),
  /** From one hour to 30 days. */
  seconds: integer(3600, 2_592_000),
});

/** The form's fields beside the file itself. */
export const createFile = z.strictObject({
  purpose: filePurpose,
  expires_after: expiresAfter.optional(),
});
export type CreateFile = z.output<typeof createFile>;

export const presentFile = ({ object }: Pick<FileRecord, 'object'>): FileObject => object;

const FILES_PAGE = 10_000;

export const listFilesQuery = listQuery.extend({
  limit: integer(1, FILES_PAGE).default(FILES_PAGE),
  purpose: text(64).optional(),
});

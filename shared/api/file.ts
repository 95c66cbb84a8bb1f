import type OpenAI from 'openai';
import { z } from 'zod';
import { unixSeconds } from '../clock.ts';
import { type ApiError, badRequest } from './error.ts';
import { integer, text } from './fields.ts';
import { onlyFields } from './known-fields.ts';
import { listQuery } from './page.ts';

export type FileObject = OpenAI.FileObject;

export interface FileRecord {
  readonly project: string;
  readonly sortKey: string;
  readonly object: FileObject;
  /** It was asked to be deleted, and is gone for callers: what is left of it follows. */
  readonly deleting?: true;
  /** The execution of code that made it: what nobody could learn of is deleted by that. */
  readonly madeBy?: string;
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

/** What is known of a file before its bytes are; `now` in Unix milliseconds. */
export function newFile(id: string, filename: string, request: CreateFile, now: number) {
  const createdAt = unixSeconds(now);
  return {
    id,
    object: 'file',
    created_at: createdAt,
    filename,
    // The client's type of the answer lacks a purpose that its type of the request has.
    purpose: request.purpose as FileObject['purpose'],
    status: 'processed',
    ...(request.expires_after ? { expires_at: createdAt + request.expires_after.seconds } : {}),
  } satisfies Omit<FileObject, 'bytes'>;
}

const shown = onlyFields<FileObject>({
  id: true,
  object: true,
  bytes: true,
  created_at: true,
  filename: true,
  purpose: true,
  status: true,
  expires_at: true,
  status_details: true,
});

export const presentFile = ({ object }: Pick<FileRecord, 'object'>): FileObject => shown(object);

const FILES_PAGE = 10_000;

export const listFilesQuery = listQuery.extend({
  limit: integer(1, FILES_PAGE).default(FILES_PAGE),
  purpose: text(64).optional(),
});

/** An upload that announces more bytes than a file may have. */
export const tooManyBytes = (bytes: number, limit: number): ApiError =>
  badRequest(
    `Invalid 'bytes': integer above maximum value. Expected a value <= ${limit}, but got ${bytes} instead.`,
    'bytes',
    'integer_above_max_value',
  );

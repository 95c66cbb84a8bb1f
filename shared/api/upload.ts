import type OpenAI from 'openai';
import { z } from 'zod';

import { id, integer, text } from './fields.ts';
import { expiresAfter, filePurpose } from './file.ts';

export type Upload = OpenAI.Upload;

export interface UploadRecord {
  readonly project: string;
  readonly object: Upload;
  readonly mimeType: string;
  /** Seconds the completed file lives, when the upload asked for it. */
  readonly fileExpiresAfter: number | null;
  /** Id of the file that completion makes: fixed at creation, so that a repeated completion finds it. */
  readonly fileId: string;
}

/** One part, already staged as uncommitted blocks of the future file's blob. */
export interface UploadPartRecord {
  readonly id: string;
  readonly uploadId: string;
  readonly createdAt: number;
  readonly bytes: number;
  /** Block ids in order. */
  readonly blocks: readonly string[];
}

export const createUpload = z.strictObject({
  filename: text(1024, 1),
  purpose: filePurpose,
  bytes: integer(0),
  mime_type: text(256, 1),
  expires_after: expiresAfter.optional(),
});
export type CreateUpload = z.output<typeof createUpload>;

export const completeUpload = z.strictObject({
  part_ids: z.array(id()),
  md5: text(64).optional(),
});
export type CompleteUpload = z.output<typeof completeUpload>;

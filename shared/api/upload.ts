import type OpenAI from 'openai';
import { z } from 'zod';

import { HOUR, unixSeconds } from '../clock.ts';
import { newId } from '../ids.ts';
import { id, integer, text } from './fields.ts';
import { expiresAfter, filePurpose } from './file.ts';
import type { QueueReceipt } from './run.ts';

export type Upload = OpenAI.Upload;

export interface UploadRecord {
  readonly project: string;
  readonly object: Upload;
  readonly mimeType: string;
  /** Seconds the completed file lives, when the upload asked for it. */
  readonly fileExpiresAfter: number | null;
  /** Id of the file that completion makes: fixed at creation, so that a repeated completion finds it. */
  readonly fileId: string;
  /** The message that looks after what becomes of it. */
  readonly check?: QueueReceipt;
  /**
   * Whose request joins the parts, and until when (Unix milliseconds) nobody else may touch the upload; past
   * that its process counts as dead. Callers see `pending`.
   */
  readonly joining?: { readonly by: string; readonly until: number } | undefined;
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

export const UPLOAD_LIFE_MS = HOUR;
/** Largest part, as the hosted API had it. */
export const PART_BYTES = 64 * 1024 * 1024;

/** A new upload; `now` in Unix milliseconds. */
export function newUpload(request: CreateUpload, project: string, now: number): UploadRecord {
  return {
    project,
    mimeType: request.mime_type,
    fileExpiresAfter: request.expires_after?.seconds ?? null,
    fileId: newId('file', now),
    object: {
      id: newId('upload', now),
      object: 'upload',
      bytes: request.bytes,
      created_at: unixSeconds(now),
      expires_at: unixSeconds(now + UPLOAD_LIFE_MS),
      filename: request.filename,
      purpose: request.purpose,
      status: 'pending',
      file: null,
    },
  };
}

/** An upload that was not completed in time has expired, without anybody writing that down. */
export function presentUpload({ object }: Pick<UploadRecord, 'object'>, now: number): Upload {
  const expired = object.status === 'pending' && unixSeconds(now) >= object.expires_at;
  return expired ? { ...object, status: 'expired' } : object;
}

/** Whether a request is making a file of it at this moment. */
export const isBeingJoined = ({ joining }: UploadRecord, now: number): boolean =>
  joining !== undefined && now < joining.until;

export const presentPart = (part: UploadPartRecord): OpenAI.Uploads.UploadPart => ({
  id: part.id,
  object: 'upload.part',
  created_at: part.createdAt,
  upload_id: part.uploadId,
});

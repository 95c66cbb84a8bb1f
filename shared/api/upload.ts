import type OpenAI from 'openai';

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

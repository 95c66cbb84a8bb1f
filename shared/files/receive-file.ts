import type { HttpRequest } from '@azure/functions';

import { ApiError } from '../api/error.ts';
import { createFile, type FileRecord, newFile } from '../api/file.ts';
import { checkedName } from '../api/file-name.ts';
import type { QueueReceipt } from '../api/run.ts';
import type { Clock } from '../clock.ts';
import type { Crash } from '../crash-points.ts';
import { declaredLength } from '../http/body.ts';
import { readForm } from '../http/multipart.ts';
import { tooLarge } from '../http/too-large.ts';
import { newId, sortKeyOf } from '../ids.ts';
import { type FileStore, FileTooLarge } from '../store/files.ts';
import { type LookAfter, lookAfterFile, takeBack } from './look-after.ts';

/** Room for the form around the bytes. */
const FORM_BYTES = 64 * 1024;

/**
 * Takes an uploaded file from a multipart request, as a stream. Nothing is kept unless the whole form is
 * valid.
 * @throws {ApiError} 400, 413
 */
export async function receiveFile(
  request: HttpRequest,
  project: string,
  services: LookAfter & {
    files: FileStore;
    clock: Clock;
    crash: Crash;
    maxBytes: number;
    maxDirectBytes: number;
  },
): Promise<FileRecord> {
  const { files, clock, crash, maxBytes, maxDirectBytes } = services;
  const refusal = () =>
    maxDirectBytes < maxBytes
      ? tooLargeForOneRequest(maxDirectBytes, maxBytes)
      : tooLarge('The file', maxBytes);
  const limit = Math.min(maxBytes, maxDirectBytes);
  if (declaredLength(request) > limit + FORM_BYTES) throw refusal();
  const now = clock.now();
  const id = newId('file', now);
  let name = '';
  let check: QueueReceipt | undefined;
  const form = { file: 'file', fields: createFile };
  const { fields, received: bytes } = await readForm(request, form, async ({ filename, content }) => {
    name = checkedName(filename);
    return files.upload(project, id, content, limit, async () => {
      check = await lookAfterFile(services, { project, fileId: id }, true);
      crash('upload-after-message');
    });
  }).catch((error: unknown) => {
    throw error instanceof FileTooLarge ? refusal() : error;
  });
  crash('upload-after-bytes');
  const object = { ...newFile(id, name, fields, now), bytes };
  const file = await files.insert({ project, sortKey: sortKeyOf(id) ?? '', object });
  crash('upload-after-row');
  await takeBack(services, check);
  return file;
}

/** The platform may hold whole bodies in memory before this process hears of them: there is another way for large files. */
const tooLargeForOneRequest = (limit: number, maxBytes: number): ApiError =>
  new ApiError(
    413,
    `The file is too large for one request: the limit is ${limit} bytes. Files of up to ${maxBytes} bytes can be sent in parts: POST /uploads, /uploads/{upload_id}/parts and /uploads/{upload_id}/complete (in the SDK for Python: client.uploads.upload_file_chunked).`,
    { param: 'file' },
  );

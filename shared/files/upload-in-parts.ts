import type { HttpRequest } from '@azure/functions';

import { ApiError, badRequest, notFound } from '../api/error.ts';
import {
  isBeingJoined,
  PART_BYTES,
  presentUpload,
  UPLOAD_LIFE_MS,
  type UploadPartRecord,
  type UploadRecord,
} from '../api/upload.ts';
import { type Clock, MINUTE, unixSeconds } from '../clock.ts';
import type { Crash } from '../crash-points.ts';
import { readForm } from '../http/multipart.ts';
import { tooLarge } from '../http/too-large.ts';
import { newId } from '../ids.ts';
import { FileTooLarge } from '../store/files.ts';
import type { Stores } from '../store/stores.ts';
import { type LookAfter, takeBack } from './look-after.ts';

export interface UploadServices extends LookAfter {
  readonly stores: Pick<Stores, 'files' | 'uploads'>;
  readonly clock: Clock;
  readonly crash: Crash;
}

/** How long after its time an upload is looked at, if nobody has completed or cancelled it. */
export const UPLOAD_LOOK_MS = UPLOAD_LIFE_MS + 10 * MINUTE;

/** The message that looks what becomes of it, then the upload. */
export async function beginUpload({ chores, stores }: UploadServices, upload: UploadRecord): Promise<void> {
  const { project, object } = upload;
  const message = { type: 'check-upload', project, uploadId: object.id } as const;
  const check = await chores.put(message, UPLOAD_LOOK_MS);
  await stores.uploads.create({ ...upload, check });
}

/** @throws {ApiError} 404 */
export async function findUpload(
  { stores }: UploadServices,
  project: string,
  id: string,
): Promise<UploadRecord> {
  const upload = await stores.uploads.get(project, id);
  if (!upload) throw notFound('upload', id);
  return upload;
}

/** @throws {ApiError} 400 unless the upload still waits for parts, 409 while they are being joined */
export function requirePending(upload: UploadRecord, now: number, doing: string): void {
  const { status } = presentUpload(upload, now);
  if (status !== 'pending') throw badRequest(`Cannot ${doing} upload with status '${status}'.`);
  if (isBeingJoined(upload, now)) throw beingCompleted(doing);
}

/** The official clients try again after this status. */
export const beingCompleted = (doing: string): ApiError =>
  new ApiError(409, `Cannot ${doing} upload that is being completed. Please try again.`, {
    headers: { 'retry-after': '1' },
  });

/** Streams one part into the future file. @throws {ApiError} 400, 404, 409, 413 */
export async function addPart(
  services: UploadServices,
  project: string,
  uploadId: string,
  request: HttpRequest,
): Promise<UploadPartRecord> {
  const { stores, clock, crash } = services;
  const upload = await findUpload(services, project, uploadId);
  const now = clock.now();
  requirePending(upload, now, 'add a part to an');
  const part = { id: newId('part', now), createdAt: unixSeconds(now) };
  const { received } = await readForm(request, { file: 'data' }, ({ content }) =>
    stores.uploads.addPart(upload, part, content, PART_BYTES, () => crash('parts-mid-part')),
  ).catch((error: unknown) => {
    throw error instanceof FileTooLarge ? tooLarge('The part', error.limit) : error;
  });
  return received;
}

/** @throws {ApiError} 400, 404, 409 */
export async function cancelUpload(
  services: UploadServices,
  project: string,
  uploadId: string,
): Promise<UploadRecord> {
  const { stores, clock } = services;
  const upload = await findUpload(services, project, uploadId);
  const cancelled = await stores.uploads.update(project, uploadId, (record) => {
    requirePending(record, clock.now(), 'cancel');
    return { ...record, joining: undefined, object: { ...record.object, status: 'cancelled' } };
  });
  services.crash('cancel-after-mark');
  await forgetFile(services, upload);
  await takeBack(services, upload.check);
  return cancelled ?? upload;
}

/** Deletes what there is of the file: a completion that failed or died may have got as far as its row. */
export async function forgetFile({ stores }: UploadServices, upload: UploadRecord): Promise<void> {
  if (await stores.files.remove(upload.project, upload.fileId)) return;
  await stores.uploads.discard(upload);
}

import type { HttpRequest } from '@azure/functions';

import { badRequest, notFound } from '../api/error.ts';
import {
  type CompleteUpload,
  PART_BYTES,
  presentUpload,
  type UploadPartRecord,
  type UploadRecord,
} from '../api/upload.ts';
import { type Clock, unixSeconds } from '../clock.ts';
import { tooLarge } from '../http/body.ts';
import { readForm } from '../http/multipart.ts';
import { newId, sortKeyOf } from '../ids.ts';
import { FileTooLarge } from '../store/files.ts';
import type { Stores } from '../store/stores.ts';
import { Conflict } from '../store/table.ts';
import { fileOf } from '../store/uploads.ts';

interface UploadServices {
  readonly stores: Pick<Stores, 'files' | 'uploads'>;
  readonly clock: Clock;
}

/** @throws {ApiError} 404 */
async function findUpload({ stores }: UploadServices, project: string, id: string): Promise<UploadRecord> {
  const upload = await stores.uploads.get(project, id);
  if (!upload) throw notFound('upload', id);
  return upload;
}

/** @throws {ApiError} 400 unless the upload still waits for parts */
function requirePending(upload: UploadRecord, now: number, doing: string): void {
  const { status } = presentUpload(upload, now);
  if (status !== 'pending') throw badRequest(`Cannot ${doing} upload with status '${status}'.`);
}

/** Streams one part into the future file. @throws {ApiError} 400, 404, 413 */
export async function addPart(
  services: UploadServices,
  project: string,
  uploadId: string,
  request: HttpRequest,
): Promise<UploadPartRecord> {
  const { stores, clock } = services;
  const upload = await findUpload(services, project, uploadId);
  const now = clock.now();
  requirePending(upload, now, 'add a part to an');
  const part = { id: newId('part', now), createdAt: unixSeconds(now) };
  const { received } = await readForm(request, { file: 'data' }, ({ content }) =>
    stores.uploads.addPart(upload, part, content, PART_BYTES),
  ).catch((error: unknown) => {
    throw error instanceof FileTooLarge ? tooLarge('The part', error.limit) : error;
  });
  return received;
}

/**
 * Joins the parts named, in that order, into the file. Repeating a completion that was answered, or cut
 * short, gives the same file.
 * @throws {ApiError} 400, 404
 */
export async function completeUpload(
  services: UploadServices,
  project: string,
  uploadId: string,
  request: CompleteUpload,
): Promise<UploadRecord> {
  const { stores, clock } = services;
  const upload = await findUpload(services, project, uploadId);
  if (upload.object.status === 'completed') return upload;
  const now = clock.now();
  requirePending(upload, now, 'complete an');
  await stores.uploads.join(upload, await partsOf(services, upload, request.part_ids));
  if (request.md5 !== undefined && (await stores.uploads.md5(upload)) !== request.md5.toLowerCase()) {
    throw badRequest('The MD5 checksum of the joined parts is not the one given.', 'md5', 'invalid_value');
  }
  const file = fileOf(upload, sortKeyOf(upload.fileId) ?? '', unixSeconds(now));
  await stores.files.insert(file).catch((error: unknown) => {
    // An earlier attempt got this far.
    if (!(error instanceof Conflict)) throw error;
  });
  const completed = await stores.uploads.update(project, uploadId, (record) => ({
    ...record,
    object: { ...record.object, status: 'completed', file: file.object },
  }));
  return completed ?? upload;
}

async function partsOf(
  { stores }: UploadServices,
  upload: UploadRecord,
  ids: readonly string[],
): Promise<UploadPartRecord[]> {
  const found = await stores.uploads.parts(upload, ids);
  const parts = found.map((part, index) => {
    if (!part) throw notFound('upload part', ids[index] ?? '', `part_ids[${index}]`);
    return part;
  });
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (bytes !== upload.object.bytes) {
    throw badRequest(
      `The parts named hold ${bytes} bytes, but the upload was created for ${upload.object.bytes}.`,
      'part_ids',
    );
  }
  return parts;
}

/** @throws {ApiError} 400, 404 */
export async function cancelUpload(
  services: UploadServices,
  project: string,
  uploadId: string,
): Promise<UploadRecord> {
  const { stores, clock } = services;
  const upload = await findUpload(services, project, uploadId);
  requirePending(upload, clock.now(), 'cancel');
  const cancelled = await stores.uploads.update(project, uploadId, (record) => {
    requirePending(record, clock.now(), 'cancel');
    return { ...record, object: { ...record.object, status: 'cancelled' } };
  });
  await stores.uploads.discard(upload);
  return cancelled ?? upload;
}

import { randomUUID } from 'node:crypto';

import { badRequest, notFound } from '../api/error.ts';
import type { FileObject } from '../api/file.ts';
import {
  type CompleteUpload,
  isBeingJoined,
  type UploadPartRecord,
  type UploadRecord,
} from '../api/upload.ts';
import { MINUTE, unixSeconds } from '../clock.ts';
import { sortKeyOf } from '../ids.ts';
import { errorFields } from '../log.ts';
import { Conflict } from '../store/table.ts';
import { fileOf } from '../store/uploads.ts';
import { takeBack } from './look-after.ts';
import {
  beingCompleted,
  findUpload,
  forgetFile,
  requirePending,
  type UploadServices,
} from './upload-in-parts.ts';

/** How long nobody else may touch an upload whose completion gives no sign of life. */
const CLAIM_MS = MINUTE;
const DOING = 'complete an';

/**
 * Joins the parts named, in that order, into the file. The upload is claimed for that: it cannot be cancelled
 * meanwhile, nor completed a second time. Repeating a completion that was answered, or cut short, gives the
 * same file.
 * @throws {ApiError} 400, 404, 409
 */
export async function completeUpload(
  services: UploadServices,
  project: string,
  uploadId: string,
  request: CompleteUpload,
): Promise<UploadRecord> {
  const { clock } = services;
  const upload = await findUpload(services, project, uploadId);
  if (upload.object.status === 'completed') return upload;
  requirePending(upload, clock.now(), DOING);
  const parts = await partsOf(services, upload, request.part_ids);
  // Read before the claim: what is joined after it by anybody else has another version.
  const before = await services.stores.uploads.joined(upload);
  const completion = new Completion(services, upload);
  return (await completion.claim()) ?? completion.run(parts, before, request.md5?.toLowerCase());
}

const completedWith = (record: UploadRecord, file: FileObject): UploadRecord => ({
  ...record,
  joining: undefined,
  object: { ...record.object, status: 'completed', file },
});

/**
 * What a message does that looks after an upload whose time is up: a completion that was cut short behind its file is
 * completed, and of anything else nothing stays. Repeatable.
 */
export async function checkUpload(
  services: UploadServices,
  project: string,
  uploadId: string,
): Promise<void> {
  const { stores, chores, clock } = services;
  const upload = await stores.uploads.get(project, uploadId);
  if (!upload || upload.object.status === 'completed') return;
  if (isBeingJoined(upload, clock.now())) {
    await chores.put({ type: 'check-upload', project, uploadId }, CLAIM_MS);
    return;
  }
  const file =
    upload.object.status === 'cancelled' ? undefined : await stores.files.get(project, upload.fileId);
  if (!file) return forgetFile(services, upload);
  await stores.uploads.update(project, uploadId, (record) =>
    record.object.status === 'pending' ? completedWith(record, file.object) : record,
  );
}

/** One attempt at making the file of an upload. Each step is taken only if nobody else has the upload by then. */
class Completion {
  readonly #services: UploadServices;
  readonly #upload: UploadRecord;
  readonly #by = randomUUID();

  constructor(services: UploadServices, upload: UploadRecord) {
    this.#services = services;
    this.#upload = upload;
  }

  /** Returns the upload when another request has completed it meanwhile. @throws {ApiError} 400, 409 */
  async claim(): Promise<UploadRecord | undefined> {
    const { clock } = this.#services;
    const claimed = await this.#update((record) => {
      if (record.object.status === 'completed') return record;
      requirePending(record, clock.now(), DOING);
      return { ...record, joining: { by: this.#by, until: clock.now() + CLAIM_MS } };
    });
    return claimed.joining ? undefined : claimed;
  }

  /** @throws {ApiError} 400, 409 */
  async run(
    parts: readonly UploadPartRecord[],
    before: string | undefined,
    md5: string | undefined,
  ): Promise<UploadRecord> {
    const { stores, clock, crash } = this.#services;
    try {
      await stores.uploads.join(this.#upload, parts, before);
      crash('parts-after-join');
      if (md5 !== undefined && (await stores.uploads.md5(this.#upload)) !== md5) {
        throw badRequest(
          'The MD5 checksum of the joined parts is not the one given.',
          'md5',
          'invalid_value',
        );
      }
      // All this may have taken longer than the claim, and then somebody else may have the upload.
      await this.#renew();
      const file = fileOf(this.#upload, sortKeyOf(this.#upload.fileId) ?? '', unixSeconds(clock.now()));
      // An earlier attempt may have got this far.
      await stores.files.insertOnce(file);
      crash('parts-after-row');
      const completed = await this.#update((record) => {
        this.#requireClaim(record);
        return completedWith(record, file.object);
      });
      await takeBack(this.#services, this.#upload.check);
      return completed;
    } catch (error) {
      await this.#leave();
      throw error instanceof Conflict ? beingCompleted(DOING) : error;
    }
  }

  #renew(): Promise<UploadRecord> {
    return this.#update((record) => {
      this.#requireClaim(record);
      return { ...record, joining: { by: this.#by, until: this.#services.clock.now() + CLAIM_MS } };
    });
  }

  /** Somebody else may have joined other parts meanwhile, and may have ended by now. @throws {ApiError} 400, 409 */
  #requireClaim(record: UploadRecord): void {
    if (record.joining?.by === this.#by) return;
    if (record.object.status !== 'completed') requirePending(record, this.#services.clock.now(), DOING);
    throw beingCompleted(DOING);
  }

  /** Gives the claim back after a failure, so that the caller may try again at once; if that fails, too, it runs out. */
  async #leave(): Promise<void> {
    const { log } = this.#services;
    const id = this.#upload.object.id;
    try {
      const { object } = await this.#update((record) =>
        record.joining?.by === this.#by ? { ...record, joining: undefined } : record,
      );
      // Whoever cancelled it, because this took too long, may have been there before the file was.
      if (object.status === 'cancelled') await forgetFile(this.#services, this.#upload);
    } catch (error) {
      log.warn('a claim on an upload is left to run out', { upload: id, ...errorFields(error) });
    }
  }

  async #update(change: (record: UploadRecord) => UploadRecord): Promise<UploadRecord> {
    const { project, object } = this.#upload;
    const record = await this.#services.stores.uploads.update(project, object.id, change);
    if (!record) throw notFound('upload', object.id);
    return record;
  }
}

async function partsOf(
  { stores }: UploadServices,
  upload: UploadRecord,
  ids: readonly string[],
): Promise<UploadPartRecord[]> {
  const found = await stores.uploads.parts(upload, ids);
  const parts = found.map((part, index) => {
    if (!part) throw notFound('part', ids[index] ?? '', `part_ids[${index}]`);
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

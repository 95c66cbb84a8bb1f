import type { HttpRequest } from '@azure/functions';

import { badRequest } from '../api/error.ts';
import { createFile, type FileRecord, newFile } from '../api/file.ts';
import type { Clock } from '../clock.ts';
import { declaredLength } from '../http/body.ts';
import { readForm } from '../http/multipart.ts';
import { tooLarge } from '../http/too-large.ts';
import { newId, sortKeyOf } from '../ids.ts';
import { type FileStore, FileTooLarge } from '../store/files.ts';

/** Room for the form around the bytes. */
const FORM_BYTES = 64 * 1024;
const LONGEST_NAME = 255;

/**
 * Takes an uploaded file from a multipart request, as a stream. Nothing is kept unless the whole form is
 * valid.
 * @throws {ApiError} 400, 413
 */
export async function receiveFile(
  request: HttpRequest,
  project: string,
  services: { files: FileStore; clock: Clock; maxBytes: number },
): Promise<FileRecord> {
  const { files, clock, maxBytes } = services;
  if (declaredLength(request) > maxBytes + FORM_BYTES) throw tooLarge('The file', maxBytes);
  const now = clock.now();
  const id = newId('file', now);
  let name = '';
  const form = { file: 'file', fields: createFile };
  const { fields, received: bytes } = await readForm(request, form, async ({ filename, content }) => {
    name = checkedName(filename);
    return files.upload(project, id, content, maxBytes);
  }).catch((error: unknown) => {
    throw error instanceof FileTooLarge ? tooLarge('The file', error.limit) : error;
  });
  const object = { ...newFile(id, name, fields, now), bytes };
  return files.insert({ project, sortKey: sortKeyOf(id) ?? '', object });
}

/** A name that can be a file's name anywhere: no path, no control characters, not too long. */
function checkedName(filename: string): string {
  const control = [...filename].some((character) => character < ' ' || character === '\u007f');
  const path = filename === '.' || filename === '..' || /[/\\]/.test(filename);
  if (
    filename === '' ||
    control ||
    path ||
    Buffer.byteLength(filename) > LONGEST_NAME ||
    !filename.isWellFormed()
  ) {
    throw badRequest(
      `Invalid file name: expected 1 to ${LONGEST_NAME} bytes without '/', '\\' and control characters.`,
      'file',
      'invalid_value',
    );
  }
  return filename;
}

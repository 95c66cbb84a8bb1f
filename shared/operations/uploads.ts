import { uploadObject, uploadPartObject } from '../api/answers.ts';
import { completeUpload, createUpload } from '../api/upload.ts';
import type { Operation } from './operation.ts';

export const uploadOperations = {
  createUpload: {
    servedBy: 'uploads',
    method: 'POST',
    creates: true,
    path: '/uploads',
    summary: 'Begins an upload in parts',
    body: createUpload,
    answer: { one: uploadObject },
  },
  addUploadPart: {
    servedBy: 'uploads',
    method: 'POST',
    creates: true,
    path: '/uploads/{upload_id}/parts',
    summary: 'Adds a part to an upload',
    form: { file: 'data' },
    answer: { one: uploadPartObject },
  },
  completeUpload: {
    servedBy: 'uploads',
    method: 'POST',
    path: '/uploads/{upload_id}/complete',
    summary: 'Joins the parts named, in that order, into a file',
    body: completeUpload,
    answer: { one: uploadObject },
  },
  cancelUpload: {
    servedBy: 'uploads',
    method: 'POST',
    path: '/uploads/{upload_id}/cancel',
    summary: 'Cancels an upload',
    answer: { one: uploadObject },
  },
} as const satisfies Record<string, Operation>;

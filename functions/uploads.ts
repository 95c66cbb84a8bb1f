import { tooManyBytes } from '../shared/api/file.ts';
import { newUpload, presentPart, presentUpload } from '../shared/api/upload.ts';
import { completeUpload } from '../shared/files/complete-upload.ts';
import { addPart, beginUpload, cancelUpload } from '../shared/files/upload-in-parts.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { serve } from '../shared/http/serve.ts';
import { type Services, services } from '../shared/services.ts';

export const handlers: HandlersOf<'uploads', Services> = {
  createUpload: async ({ project, body }, all) => {
    const { clock, config } = all;
    if (body.bytes > config.MAX_FILE_BYTES) throw tooManyBytes(body.bytes, config.MAX_FILE_BYTES);
    const upload = newUpload(body, project, clock.now());
    await beginUpload(all, upload);
    return presentUpload(upload, clock.now());
  },

  addUploadPart: async ({ project, params: { upload_id: id }, request }, all) =>
    presentPart(await addPart(all, project, id, request)),

  completeUpload: async ({ project, params: { upload_id: id }, body }, all) =>
    presentUpload(await completeUpload(all, project, id, body), all.clock.now()),

  cancelUpload: async ({ project, params: { upload_id: id } }, all) =>
    presentUpload(await cancelUpload(all, project, id), all.clock.now()),
};

serve(handlers, services);

import { notFound } from '../shared/api/error.ts';
import { presentFile } from '../shared/api/file.ts';
import { presentPage } from '../shared/api/page.ts';
import { deleteFile } from '../shared/files/delete-file.ts';
import { receiveFile } from '../shared/files/receive-file.ts';
import { sendFile } from '../shared/files/send-file.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { serve } from '../shared/http/serve.ts';
import { type Services, services } from '../shared/services.ts';

export const handlers: HandlersOf<'files' | 'file-content', Services> = {
  listFiles: async ({ project, query }, { stores: { files } }) => {
    return presentPage(await files.list(project, query), presentFile);
  },

  createFile: async ({ project, request }, { stores, clock, config, chores, crash, log }) =>
    presentFile(
      await receiveFile(request, project, {
        files: stores.files,
        clock,
        chores,
        crash,
        log,
        maxBytes: config.MAX_FILE_BYTES,
        maxDirectBytes: config.MAX_DIRECT_UPLOAD_BYTES,
      }),
    ),

  getFile: async ({ project, params: { file_id: id } }, { stores }) => {
    const record = await stores.files.get(project, id);
    if (!record) throw notFound('file', id);
    return presentFile(record);
  },

  deleteFile: async ({ project, params: { file_id: id } }, all) => {
    if (!(await deleteFile(all, project, id))) throw notFound('file', id);
    return { id, object: 'file', deleted: true };
  },

  getFileContent: async ({ project, params: { file_id: id }, request, signal }, { stores }) =>
    sendFile(stores.files, project, id, request, signal),
};

serve(handlers, services);

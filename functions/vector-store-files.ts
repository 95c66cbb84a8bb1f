import { badRequest, notFound } from '../shared/api/error.ts';
import { presentPage } from '../shared/api/page.ts';
import { presentStoreFile, type StoreFileRecord } from '../shared/api/vector-store-file.ts';
import { presentContent } from '../shared/api/vector-store-search.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { pollAfter } from '../shared/http/poll-after.ts';
import { JsonReply } from '../shared/http/reply.ts';
import { serve } from '../shared/http/serve.ts';
import { addFile } from '../shared/indexing/add-file.ts';
import { changeAttributes } from '../shared/indexing/change-attributes.ts';
import { isLive } from '../shared/indexing/file-changes.ts';
import { fileContent } from '../shared/indexing/file-text.ts';
import { requireOpenStore, requireStore } from '../shared/indexing/open-store.ts';
import { removeFromStore } from '../shared/indexing/remove-file.ts';
import { rescueFile } from '../shared/indexing/rescue-file.ts';
import { type Services, services } from '../shared/services.ts';

async function requireFile(
  all: Services,
  project: string,
  storeId: string,
  fileId: string,
): Promise<StoreFileRecord> {
  const record = await all.stores.storeFiles.get(storeId, fileId);
  if (record?.project === project) return record;
  await requireStore(all, project, storeId);
  throw notFound('file', fileId);
}

export const handlers: HandlersOf<'vector-store-files', Services> = {
  listVectorStoreFiles: async ({ project, params: { vector_store_id: id }, query }, all) => {
    await requireStore(all, project, id);
    return presentPage(await all.stores.storeFiles.list(id, query), presentStoreFile);
  },

  createVectorStoreFile: async ({ project, params: { vector_store_id: id }, body }, all) =>
    presentStoreFile(await addFile(all, await requireOpenStore(all, project, id), body)),

  getVectorStoreFile: async ({ project, params, request }, all) => {
    const record = await requireFile(all, project, params.vector_store_id, params.file_id);
    const now = all.clock.now();
    await rescueFile(all, record);
    const headers = isLive(record) ? pollAfter(record.object.created_at, now, request.headers) : {};
    return new JsonReply(presentStoreFile(record), headers);
  },

  updateVectorStoreFileAttributes: async ({ project, params, body }, all) => {
    const record = await requireFile(all, project, params.vector_store_id, params.file_id);
    const changed = await changeAttributes(all, record, body.attributes);
    if (!changed) throw notFound('file', params.file_id);
    return presentStoreFile(changed);
  },

  deleteVectorStoreFile: async ({ project, params }, all) => {
    const record = await requireFile(all, project, params.vector_store_id, params.file_id);
    await removeFromStore(all, record);
    return { id: params.file_id, object: 'vector_store.file.deleted', deleted: true };
  },

  retrieveVectorStoreFileContent: async ({ project, params, signal }, all) => {
    const record = await requireFile(all, project, params.vector_store_id, params.file_id);
    const { status } = record.object;
    if (status !== 'completed') {
      throw badRequest(`The text of a file is there when it is completed; its status is '${status}'.`);
    }
    await requireOpenStore(all, project, params.vector_store_id);
    return presentContent((await fileContent(all, record, signal)) ?? '');
  },
};

serve(handlers, services);

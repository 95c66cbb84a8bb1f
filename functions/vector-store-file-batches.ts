import { notFound } from '../shared/api/error.ts';
import { type CreateFileBatch, plannedFiles, presentFileBatch } from '../shared/api/file-batch.ts';
import { presentPage } from '../shared/api/page.ts';
import { presentStoreFile } from '../shared/api/vector-store-file.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { pollAfter } from '../shared/http/poll-after.ts';
import { type Reference, requireFiles } from '../shared/http/references.ts';
import { JsonReply } from '../shared/http/reply.ts';
import { serve } from '../shared/http/serve.ts';
import { addBatch } from '../shared/indexing/add-batch.ts';
import { cancelBatch } from '../shared/indexing/cancel-batch.ts';
import { requireOpenStore, requireStore } from '../shared/indexing/open-store.ts';
import { rescueBatch } from '../shared/indexing/rescue-file.ts';
import { type Services, services } from '../shared/services.ts';
import type { BatchView } from '../shared/store/file-batches.ts';

const present = ({ record, state, tally }: BatchView) =>
  presentFileBatch(record, { tally, cancelled: state.cancelled });

async function requireBatch(all: Services, project: string, storeId: string, id: string): Promise<BatchView> {
  const view = await all.stores.fileBatches.get(storeId, id);
  if (view?.record.project === project) return view;
  await requireStore(all, project, storeId);
  throw notFound('fileBatch', id);
}

const filesOf = ({ file_ids: ids, files }: CreateFileBatch): Reference[] => [
  ...(ids ?? []).map((id, index) => ({ id, param: `file_ids[${index}]` })),
  ...(files ?? []).map(({ file_id: id }, index) => ({ id, param: `files[${index}].file_id` })),
];

export const handlers: HandlersOf<'vector-store-file-batches', Services> = {
  createVectorStoreFileBatch: async ({ project, params: { vector_store_id: id }, body }, all) => {
    const store = await requireOpenStore(all, project, id);
    const files = plannedFiles(body);
    await requireFiles(all.stores.files, project, filesOf(body));
    const batch = await addBatch(all, store, files);
    return present(await requireBatch(all, project, id, batch.id));
  },

  getVectorStoreFileBatch: async ({ project, params, request }, all) => {
    const view = await requireBatch(all, project, params.vector_store_id, params.batch_id);
    const batch = present(view);
    if (batch.status !== 'in_progress') return batch;
    await rescueBatch(all, view);
    return new JsonReply(batch, pollAfter(batch.created_at, all.clock.now(), request.headers));
  },

  cancelVectorStoreFileBatch: async ({ project, params }, all) => {
    const { vector_store_id: id, batch_id: batchId } = params;
    await requireBatch(all, project, id, batchId);
    await cancelBatch(all, id, batchId);
    return present(await requireBatch(all, project, id, batchId));
  },

  listFilesInVectorStoreBatch: async ({ project, params, query }, all) => {
    const { vector_store_id: id, batch_id: batchId } = params;
    await requireBatch(all, project, id, batchId);
    return presentPage(await all.stores.storeFiles.list(id, query, batchId), presentStoreFile);
  },
};

serve(handlers, services);

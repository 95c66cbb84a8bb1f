import { chunkingOf } from '../shared/api/chunking-strategy.ts';
import { badRequest, notFound } from '../shared/api/error.ts';
import { presentPage } from '../shared/api/page.ts';
import {
  changeVectorStore,
  hasStoreExpired,
  newVectorStore,
  presentVectorStore,
} from '../shared/api/vector-store.ts';
import { presentSearch } from '../shared/api/vector-store-search.ts';
import { unixSeconds } from '../shared/clock.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { requireFiles } from '../shared/http/references.ts';
import { serve } from '../shared/http/serve.ts';
import { createStore, watchExpiry } from '../shared/indexing/add-batch.ts';
import { noteUse, requireOpenStore, requireStore } from '../shared/indexing/open-store.ts';
import { removeStore } from '../shared/indexing/remove-store.ts';
import { type Services, services } from '../shared/services.ts';
import type { StoreView } from '../shared/store/vector-stores.ts';

const present = ({ record, ...view }: StoreView, now: number) => presentVectorStore(record, { ...view, now });

export const handlers: HandlersOf<'vector-stores' | 'vector-store-search', Services> = {
  listVectorStores: async ({ project, query }, { stores, clock }) =>
    presentPage(await stores.vectorStores.list(project, query), (view) => present(view, clock.now())),

  createVectorStore: async ({ project, body }, all) => {
    const ids = [...new Set(body.file_ids)];
    await requireFiles(
      all.stores.files,
      project,
      ids.map((id) => ({ id, param: `file_ids[${body.file_ids?.indexOf(id)}]` })),
    );
    const chunking = chunkingOf(body.chunking_strategy);
    const files = ids.map((fileId) => ({ fileId, attributes: null, chunking }));
    const record = newVectorStore(body, project, all.clock.now());
    return present(await createStore(all, record, files), all.clock.now());
  },

  getVectorStore: async ({ project, params: { vector_store_id: id } }, all) =>
    present(await requireStore(all, project, id), all.clock.now()),

  modifyVectorStore: async ({ project, params: { vector_store_id: id }, body }, all) => {
    const now = all.clock.now();
    const changed = await all.stores.vectorStores.update(project, id, (record, state) => {
      if (body.expires_after !== undefined && hasStoreExpired(record, state, now)) {
        throw badRequest(`Vector store ${id} is expired.`, 'expires_after', 'expired');
      }
      return changeVectorStore(record, body);
    });
    if (!changed) throw notFound('vectorStore', id);
    if (body.expires_after) await watchExpiry(all, changed.record, changed.state.lastActiveAt);
    return present(changed, now);
  },

  deleteVectorStore: async ({ project, params: { vector_store_id: id } }, all) => {
    if (!(await removeStore(all, project, id))) throw notFound('vectorStore', id);
    return { id, object: 'vector_store.deleted', deleted: true };
  },

  searchVectorStore: async ({ project, params: { vector_store_id: id }, body, signal }, all) => {
    const view = await requireOpenStore(all, project, id);
    await noteUse(all, view, unixSeconds(all.clock.now()));
    const queries = typeof body.query === 'string' ? [body.query] : body.query;
    const hits = await all.search.finder.find(
      {
        store: { project, id },
        embedder: view.record.embedder ?? undefined,
        queries,
        limit: body.max_num_results,
        threshold: body.ranking_options?.score_threshold,
        filter: body.filters,
      },
      signal,
    );
    return presentSearch(queries, hits);
  },
};

serve(handlers, services);

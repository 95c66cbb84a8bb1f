import { changeAssistant, newAssistant, presentAssistant } from '../shared/api/assistant.ts';
import { notFound } from '../shared/api/error.ts';
import { presentPage } from '../shared/api/page.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import {
  filesOfNewStores,
  filesOfResources,
  requireFiles,
  requireVectorStores,
} from '../shared/http/references.ts';
import { serve } from '../shared/http/serve.ts';
import { withNewStores } from '../shared/indexing/thread-store.ts';
import { type Services, services } from '../shared/services.ts';

export const handlers: HandlersOf<'assistants', Services> = {
  listAssistants: async ({ project, query }, { stores: { assistants } }) => {
    return presentPage(await assistants.list(project, query), presentAssistant);
  },

  createAssistant: async ({ project, body }, all) => {
    const { stores, clock } = all;
    await requireVectorStores(stores.vectorStores, project, body.tool_resources);
    await requireFiles(stores.files, project, [
      ...filesOfResources(body.tool_resources),
      ...filesOfNewStores(body.tool_resources),
    ]);
    const tool_resources = await withNewStores(all, project, body.tool_resources);
    const record = newAssistant({ ...body, tool_resources }, project, clock.now());
    await stores.assistants.insert(record);
    return presentAssistant(record);
  },

  getAssistant: async ({ project, params: { assistant_id: id } }, { stores }) => {
    const record = await stores.assistants.get(project, id);
    if (!record) throw notFound('assistant', id);
    return presentAssistant(record);
  },

  modifyAssistant: async ({ project, params: { assistant_id: id }, body }, { stores }) => {
    if (!(await stores.assistants.get(project, id))) throw notFound('assistant', id);
    await requireVectorStores(stores.vectorStores, project, body.tool_resources);
    await requireFiles(stores.files, project, filesOfResources(body.tool_resources));
    const changed = await stores.assistants.update(project, id, (record) => changeAssistant(record, body));
    if (!changed) throw notFound('assistant', id);
    return presentAssistant(changed);
  },

  deleteAssistant: async ({ project, params: { assistant_id: id } }, { stores }) => {
    if (!(await stores.assistants.remove(project, id))) throw notFound('assistant', id);
    return { id, object: 'assistant.deleted', deleted: true };
  },
};

serve(handlers, services);

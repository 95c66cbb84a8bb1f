import { ApiError } from '../shared/api/error.ts';
import { presentModel } from '../shared/api/model.ts';
import type { HandlersOf } from '../shared/http/call.ts';
import { serve } from '../shared/http/serve.ts';
import { type Services, services } from '../shared/services.ts';

async function find({ model }: Services, id: string) {
  const info = (await model.list()).find((candidate) => candidate.id === id);
  if (info) return info;
  throw new ApiError(404, `The model '${id}' does not exist`, { param: 'model', code: 'model_not_found' });
}

export const handlers: HandlersOf<'models', Services> = {
  listModels: async (_call, { model }) => ({ object: 'list', data: (await model.list()).map(presentModel) }),

  getModel: async ({ params }, all) => presentModel(await find(all, params.model)),

  deleteModel: async ({ params }, all) => {
    const { id } = await find(all, params.model);
    throw new ApiError(
      403,
      `The model '${id}' belongs to the operator of this deployment and cannot be deleted.`,
    );
  },
};

serve(handlers, services);

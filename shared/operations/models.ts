import { modelObject } from '../api/answers.ts';
import type { Operation } from './operation.ts';

export const modelOperations = {
  listModels: {
    servedBy: 'models',
    method: 'GET',
    path: '/models',
    summary: 'Lists the models that assistants can use',
    answer: { list: modelObject },
  },
  getModel: {
    servedBy: 'models',
    method: 'GET',
    path: '/models/{model}',
    summary: 'Retrieves a model',
    answer: { one: modelObject },
  },
  deleteModel: {
    servedBy: 'models',
    method: 'DELETE',
    path: '/models/{model}',
    summary: 'Always refused: models belong to the operator of the deployment',
    answer: { deleted: 'model' },
  },
} as const satisfies Record<string, Operation>;

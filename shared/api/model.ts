import type OpenAI from 'openai';

export type ModelObject = OpenAI.Model;

/** A model that assistants can use; `created` in Unix seconds. */
export const presentModel = (info: Pick<ModelObject, 'id' | 'created' | 'owned_by'>): ModelObject => ({
  id: info.id,
  object: 'model',
  created: info.created,
  owned_by: info.owned_by,
});

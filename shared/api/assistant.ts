import type OpenAI from 'openai';
import { z } from 'zod';

import { instructions, metadata, modelName, text } from './fields.ts';
import { reasoningEffort, responseFormat, temperature, topP } from './model-options.ts';
import { newToolResources, TOOLS_PER_ASSISTANT, tool, toolResources } from './tool.ts';

export type Assistant = OpenAI.Beta.Assistant;
export type AssistantTool = OpenAI.Beta.AssistantTool;
export type ToolResources = NonNullable<OpenAI.Beta.Assistant['tool_resources']>;
export type ReasoningEffort = OpenAI.ReasoningEffort;

/** An assistant as stored: what the API shows, and whose it is. */
export interface AssistantRecord {
  readonly project: string;
  /** Orders lists; made at creation, the id's own time where the id is ours. */
  readonly sortKey: string;
  readonly object: Assistant;
  /** Not part of the API's assistant type, passed on to the model when set. */
  readonly reasoningEffort: ReasoningEffort | null;
}

const fields = {
  name: text(256).nullable().optional(),
  description: text(512).nullable().optional(),
  instructions: instructions().nullable().optional(),
  tools: z.array(tool).max(TOOLS_PER_ASSISTANT).optional(),
  metadata: metadata(),
  temperature: temperature(),
  top_p: topP(),
  reasoning_effort: reasoningEffort(),
  response_format: responseFormat(),
};

export const createAssistant = z.strictObject({
  model: modelName(),
  ...fields,
  tool_resources: newToolResources(),
});
export type CreateAssistant = z.output<typeof createAssistant>;

export const modifyAssistant = z.strictObject({
  model: modelName().optional(),
  ...fields,
  tool_resources: toolResources(),
});
export type ModifyAssistant = z.output<typeof modifyAssistant>;
